import { closeSync, readSync, writeSync } from "node:fs";
import type { StateFolder } from "./state-folder.ts";

/** Bytes that are written, or read, in one call. */
const block = 256 * 1024;
/** Lines from one known place to the next. */
const stride = 1_000;
const newline = 10;

/** Lines in a file without a name: it is gone with the process. */
export class SpoolFile implements Disposable {
  readonly #folder: StateFolder;
  readonly #descriptor: number;
  /** Where each thousandth line begins. */
  readonly #places: number[] = [];
  #waiting: string[] = [];
  #waitingBytes = 0;
  #written = 0;
  length = 0;

  constructor(folder: StateFolder) {
    this.#folder = folder;
    this.#descriptor = folder.openNameless();
  }

  /** Throws SourceError if no room is left. */
  push(line: string): void {
    if (this.length % stride === 0) this.#places.push(this.#written + this.#waitingBytes);
    this.length++;
    this.#waiting.push(line);
    this.#waitingBytes += Buffer.byteLength(line) + 1;
    if (this.#waitingBytes >= block) this.#write();
  }

  /** From this one on, counted from 0. */
  *lines(from: number): Generator<string, void, void> {
    this.#write();
    let skip = from % stride;
    let rest = Buffer.alloc(0);
    for (let at = this.#places[Math.floor(from / stride)] ?? this.#written; at < this.#written; ) {
      const read = Buffer.allocUnsafe(Math.min(block, this.#written - at));
      const size = readSync(this.#descriptor, read, 0, read.length, at);
      if (size === 0) throw new Error("a file of this process has become shorter");
      at += size;
      const end = read.subarray(0, size).lastIndexOf(newline) + 1;
      const lines = Buffer.concat([rest, read.subarray(0, end)]).toString("utf8");
      rest = end === 0 ? Buffer.concat([rest, read.subarray(0, size)]) : read.subarray(end, size);
      if (end === 0) continue;
      for (const line of lines.slice(0, -1).split("\n")) if (skip-- <= 0) yield line;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #write(): void {
    if (this.#waiting.length === 0) return;
    this.#folder.assertRoom();
    const bytes = Buffer.from(`${this.#waiting.join("\n")}\n`);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#written + done);
    this.#written += bytes.length;
  }
}
