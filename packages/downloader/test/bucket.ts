import { createHash } from "node:crypto";
import type { ObjectBody, ObjectEntry, Source } from "@brigade/core";
import { SourceError } from "@brigade/core";

export interface Stored {
  readonly text: string;
  /** Unix seconds. */
  readonly modified: number;
}

type BodyChanges = Partial<Omit<ObjectBody, "cancel">>;

/** A bucket in memory. What a host answers can differ from what the store knows: `failing` and `body` say how. */
export class Bucket implements Source {
  readonly fingerprint = "f1";
  readonly capabilities = { ranges: false, listing: true };
  variant: string | undefined;
  readonly objects = new Map<string, Stored>();
  /** Keys in the order of their requests. */
  readonly opened: string[] = [];
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  /** Called before an object is opened, with the how-manieth request for it this is (from 1); may throw or wait. */
  failing: (key: string, time: number, signal: AbortSignal) => unknown = () => undefined;
  failingStat: (key: string) => unknown = () => undefined;
  body: (key: string, time: number) => BodyChanges = () => ({});

  /** Puts objects of these texts, all modified at 1000. */
  constructor(objects: Record<string, string> = {}) {
    for (const [key, text] of Object.entries(objects)) this.objects.set(key, { text, modified: 1_000 });
  }

  times(key: string): number {
    return this.opened.filter((one) => one === key).length;
  }

  async open({ key }: ObjectEntry, _range: unknown, signal: AbortSignal): Promise<ObjectBody> {
    signal.throwIfAborted();
    this.opened.push(key);
    const time = this.times(key);
    await this.failing(key, time, signal);
    const object = this.objects.get(key);
    if (object === undefined) throw new SourceError("missing", `no object ${key}`, { status: 404 });
    const bytes = new TextEncoder().encode(object.text);
    return {
      size: bytes.length,
      md5: createHash("md5").update(bytes).digest("hex"),
      modified: object.modified,
      variant: this.variant !== undefined,
      bytes: async () => bytes,
      async *chunks() {
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      },
      cancel: () => {
        this.cancelled.push(key);
      },
      ...this.body(key, time),
    };
  }

  async stat(key: string): Promise<ObjectEntry | undefined> {
    this.asked.push(key);
    await this.failingStat(key);
    const object = this.objects.get(key);
    return object && { key, size: Buffer.byteLength(object.text), modified: object.modified };
  }

  async listPage(): Promise<never> {
    throw new Error("a downloader lists nothing");
  }
}
