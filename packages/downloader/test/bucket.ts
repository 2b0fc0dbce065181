import { createHash } from "node:crypto";
import type { ByteRange, ObjectBody, ObjectEntry, Page, Source, WantedObject } from "@brigade/core";
import { SourceError } from "@brigade/core";

export interface Stored {
  readonly text: string;
  /** Unix seconds. */
  readonly modified: number;
}

type BodyChanges = Partial<Omit<ObjectBody, "cancel">>;

/**
 * A bucket in memory. What a host answers can differ from what the store knows: `failing` and
 * `body` say how.
 */
export class Bucket implements Source {
  readonly fingerprint = "f1";
  readonly manyOrigins = false;
  /** Ranges in the order of their requests: first and last byte. */
  readonly ranges: [from: number, to: number][] = [];
  /** Called before a range is sent; may throw or wait. */
  failingRange: (from: number, to: number) => unknown = () => undefined;
  variant: string | undefined;
  readonly objects = new Map<string, Stored>();
  /** Keys in the order of their requests. */
  readonly opened: string[] = [];
  /** Those of them for which no cache was to answer. */
  readonly openedPastCaches: string[] = [];
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  readonly listed: string[] = [];
  failingList: () => unknown = () => undefined;
  /**
   * Called before an object is opened, with the how-manieth request for it this is (from 1); may
   * throw or wait.
   */
  failing: (key: string, time: number, signal: AbortSignal) => unknown = () => undefined;
  failingStat: (key: string) => unknown = () => undefined;
  body: (key: string, time: number, fresh: boolean) => BodyChanges = () => ({});

  /** Puts objects of these texts, all modified at 1000. */
  constructor(objects: Record<string, string> = {}) {
    for (const [key, text] of Object.entries(objects)) this.objects.set(key, { text, modified: 1_000 });
  }

  times(key: string): number {
    return this.opened.filter((one) => one === key).length;
  }

  async open(
    { key, fresh }: WantedObject,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<ObjectBody> {
    signal.throwIfAborted();
    this.opened.push(key);
    if (fresh) this.openedPastCaches.push(key);
    const time = this.times(key);
    await this.failing(key, time, signal);
    const object = this.objects.get(key);
    if (object === undefined) throw new SourceError("missing", `no object ${key}`, { status: 404 });
    const whole = new TextEncoder().encode(object.text);
    const md5 = createHash("md5").update(whole).digest("hex");
    const { from, to = whole.length - 1 } = range ?? { from: 0 };
    if (range !== undefined) {
      this.ranges.push([from, to]);
      await this.failingRange(from, to);
    }
    const bytes = whole.subarray(from, to + 1);
    return {
      size: bytes.length,
      md5: range === undefined ? md5 : undefined,
      objectMd5: md5,
      validator: `etag "${md5}"`,
      modified: object.modified,
      doubt: undefined,
      variant: this.variant !== undefined,
      bytes: async () => bytes,
      async *chunks() {
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      },
      cancel: () => {
        this.cancelled.push(key);
      },
      ...this.body(key, time, fresh === true),
    };
  }

  async stat(key: string): Promise<ObjectEntry | undefined> {
    this.asked.push(key);
    await this.failingStat(key);
    const object = this.objects.get(key);
    return object && { key, size: Buffer.byteLength(object.text), modified: object.modified };
  }

  async listPage(directory: string): Promise<Page> {
    this.listed.push(directory);
    await this.failingList();
    return { files: [], directories: [], next: undefined };
  }
}
