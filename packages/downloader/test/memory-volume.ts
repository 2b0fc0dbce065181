import { createHash } from "node:crypto";
import type {
  Begun,
  HostError,
  HostErrorKind,
  NewObject,
  ObjectEntry,
  Part,
  Placement,
  Reservation,
  Room,
  Sink,
  StoredObject,
  Volume,
} from "@brigade/core";
import { SourceError } from "@brigade/core";
import { MemoryPart } from "./memory-part.ts";

/**
 * A volume in memory that keeps the contract: bytes that are not as expected are refused as
 * damaged.
 */
export class MemoryVolume implements Volume {
  readonly id: string;
  readonly label: string;
  readonly root = "/nowhere";
  /** By key, those stored last at the end. */
  readonly files = new Map<string, { object: NewObject; text: string }>();
  /** What lay here before, to be adopted; by key. */
  readonly lying = new Map<string, StoredObject>();
  /** Keys that have another file in their place. */
  readonly held = new Set<string>();
  /** Keys that somebody asked to adopt. */
  readonly adoptions: string[] = [];
  readonly aborted: string[] = [];
  /** Keys that came in one stream. */
  readonly streamed: string[] = [];
  /** What was begun of large objects, by key. */
  readonly parts = new Map<string, MemoryPart>();
  fresh = true;
  /** Sources of which something was here when the volume was opened. */
  readonly #occupied = new Set<string>();
  /** Stored by earlier runs. */
  earlier: readonly ObjectEntry[] = [];
  capacity = 1_000_000;
  /** Called before anything is stored; may throw, or take its time. */
  failing: (key: string) => unknown = () => undefined;
  failingAdopt: () => unknown = () => undefined;

  constructor(id: string) {
    this.id = id;
    this.label = id;
  }

  lend(size: number): Uint8Array {
    return new Uint8Array(size);
  }

  giveBack(): void {}

  /** From now on it is as the next process finds it. */
  reopen(): void {
    for (const { object } of this.files.values()) this.#occupied.add(object.source);
  }

  async put(object: NewObject, bytes: Uint8Array<ArrayBuffer>, onRead = () => {}): Promise<StoredObject> {
    onRead();
    await this.failing(object.key);
    this.streamed.push(object.key);
    return this.#keep(object, bytes);
  }

  async open(object: NewObject): Promise<Sink> {
    await this.failing(object.key);
    this.streamed.push(object.key);
    const chunks: Uint8Array[] = [];
    return {
      write: async (chunk) => {
        chunks.push(chunk);
      },
      finish: async () => this.#keep(object, Buffer.concat(chunks)),
      abort: async () => {
        this.aborted.push(object.key);
      },
    };
  }

  /** Kept until the object is stored or the part discarded; without a validator nothing is kept. */
  async part(object: NewObject, validator: string | undefined): Promise<Part> {
    await this.failing(object.key);
    const part = MemoryPart.open(object, validator, this.parts.get(object.key), {
      keep: (bytes) => this.#keep(object, bytes),
      forget: () => this.parts.delete(object.key),
    });
    if (validator !== undefined) this.parts.set(object.key, part);
    return part;
  }

  async begun({ key }: NewObject): Promise<number> {
    return this.parts.get(key)?.bytes.length ?? 0;
  }

  async adopt(objects: readonly NewObject[]): Promise<readonly (StoredObject | undefined)[]> {
    await this.failingAdopt();
    this.adoptions.push(...objects.map(({ key }) => key));
    return objects.map((object) => this.lying.get(object.key) ?? this.#recognised(object));
  }

  async present(
    _source: string,
    files: readonly { path: string; size: number }[],
  ): Promise<readonly boolean[]> {
    return files.map(({ path, size }) => this.files.get(path)?.text.length === size);
  }

  async holds(_source: string, keys: readonly string[]): Promise<readonly boolean[]> {
    return keys.map((key) => this.held.has(key) || this.files.has(key));
  }

  async sample(source: string, most: number): Promise<readonly ObjectEntry[]> {
    const stored = [...this.files.values()].filter(({ object }) => object.source === source).reverse();
    const entries = stored.map(({ object: { key, modified }, text }) => ({
      key,
      size: text.length,
      modified,
    }));
    return [...entries, ...this.earlier].slice(0, most);
  }

  isFresh(source: string): boolean {
    return this.fresh && !this.#occupied.has(source);
  }

  async room(): Promise<Room> {
    return { bytes: this.capacity, inodes: 1_000_000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #recognised(object: NewObject): StoredObject | undefined {
    const file = this.files.get(object.key);
    if (file === undefined || file.object.modified !== object.modified) return undefined;
    const bytes = Buffer.from(file.text);
    const { expectedSize = bytes.length, expectedMd5 = md5Of(bytes) } = object;
    return expectedSize === bytes.length && expectedMd5 === md5Of(bytes)
      ? storedOf(object, bytes)
      : undefined;
  }

  #keep(object: NewObject, bytes: Uint8Array): StoredObject {
    const md5 = md5Of(bytes);
    if (object.expectedSize !== undefined && object.expectedSize !== bytes.length) {
      throw new SourceError("damaged", `${bytes.length} bytes came, ${object.expectedSize} were expected`);
    }
    if (object.expectedMd5 !== undefined && object.expectedMd5 !== md5) {
      throw new SourceError("damaged", "another MD5 than the source's");
    }
    this.files.delete(object.key);
    this.files.set(object.key, { object, text: Buffer.from(bytes).toString() });
    return storedOf(object, bytes);
  }
}

function md5Of(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function storedOf({ expectedMd5 }: NewObject, bytes: Uint8Array): StoredObject {
  return { size: bytes.length, md5: md5Of(bytes), verified: expectedMd5 !== undefined, storedAt: 1 };
}

/** Takes the first volume with room that is not retired. */
export class MemoryPlacement implements Placement {
  readonly volumes: readonly MemoryVolume[];
  readonly retired = new Map<Volume, HostErrorKind>();
  /** Reservations that are not released. */
  reserved = 0;
  /** Bytes of reservations that the disk has already. */
  spent = 0;
  /** Set: nothing has room. */
  full = false;

  constructor(volumes: readonly MemoryVolume[]) {
    this.volumes = volumes;
  }

  async reserve(
    bytes: number,
    _files: number,
    { begun }: { begun?: Begun | undefined } = {},
  ): Promise<Reservation | undefined> {
    const ordered = [...this.volumes].sort(
      (one, other) => Number(other === begun?.volume) - Number(one === begun?.volume),
    );
    const volume = ordered.find((one) => !this.retired.has(one) && one.capacity >= bytes);
    if (volume === undefined || this.full) return undefined;
    this.reserved++;
    let held = true;
    return {
      volume,
      spend: (bytes) => {
        this.spent += bytes;
      },
      release: () => {
        if (held) this.reserved--;
        held = false;
      },
    };
  }

  failed(volume: Volume, { kind }: HostError): void {
    if (kind !== "limits") this.retired.set(volume, kind);
  }

  outlook(): "never" {
    return "never";
  }

  async exhausted(): Promise<string | undefined> {
    const all = this.full || this.volumes.every((volume) => this.retired.has(volume));
    return all ? "no volume has room" : undefined;
  }
}
