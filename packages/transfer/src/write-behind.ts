import type { Part } from "@brigade/core";
import type { LentSlabs } from "./slabs.ts";

/** Where segments are put together: the part of a large object, or the part file of `get`. */
export type SegmentFile = Pick<Part, "finished" | "write" | "sync">;

/**
 * Bytes that go to the file in one call: enough to make the call cheap, few enough to stay in the
 * processor's cache.
 */
const batch = 512 * 1024;

/** Gathers a connection's chunks, and writes one batch while the next one comes. */
export class WriteBehind {
  readonly #file: Pick<SegmentFile, "write">;
  readonly #slabs: LentSlabs;
  #at: number;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #writing: Promise<void> | undefined;
  #error: unknown;

  constructor(file: Pick<SegmentFile, "write">, at: number, slabs: LentSlabs) {
    this.#file = file;
    this.#slabs = slabs;
    this.#at = at;
  }

  /**
   * Gives a promise when the caller is to wait, since the disk is slower. Throws HostError of an
   * earlier write.
   */
  add(chunk: Uint8Array): Promise<void> | undefined {
    this.#throwError();
    this.#queue.push(chunk);
    this.#queued += chunk.byteLength;
    if (this.#queued < batch) return undefined;
    if (this.#writing === undefined) this.#write();
    else if (this.#queued >= 2 * batch) return this.#writing.then(() => this.#throwError());
    return undefined;
  }

  /**
   * Writes what is there now; what comes meanwhile may stay. An error is thrown by the next `add`
   * or `flush`.
   */
  async writeQueued(): Promise<void> {
    await this.#writing;
    if (this.#writing === undefined && this.#queued > 0) this.#write();
    await this.#writing;
  }

  /** Writes everything. */
  async flush(): Promise<void> {
    while (this.#queued > 0 || this.#writing !== undefined) {
      this.#throwError();
      if (this.#writing === undefined) this.#write();
      await this.#writing;
    }
    this.#throwError();
  }

  #write(): void {
    const [chunks, bytes, at] = [this.#queue, this.#queued, this.#at];
    this.#queue = [];
    this.#queued = 0;
    this.#at += bytes;
    this.#writing = this.#file.write(at, chunks).then(
      () => {
        this.#writing = undefined;
        this.#slabs.written(chunks.at(-1));
        if (this.#queued >= batch) this.#write();
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#error = error;
      },
    );
  }

  #throwError(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
