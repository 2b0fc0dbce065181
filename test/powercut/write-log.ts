import { closeSync, openSync, readSync, statSync } from "node:fs";
import { opcode, readExtent, readRequest, writeHead } from "./fuse-protocol.ts";

/** A write, or a flush: all writes before a flush are safe on the disk. */
export type Entry = { readonly end: number } & (
  | { readonly kind: "flush" }
  | {
      readonly kind: "write";
      /** Bytes, on the disk. */
      readonly offset: number;
      readonly size: number;
      /** Where its bytes lie in the log. */
      readonly data: number;
    }
);

/** The writes and flushes of a disk, in order. A moment is a position in this log, in bytes. */
export class WriteLog implements Disposable {
  readonly entries: readonly Entry[];
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "r");
    this.entries = readEntries(this.#file, statSync(path).size);
  }

  bytesOf({ data, size }: { readonly data: number; readonly size: number }): Buffer {
    const bytes = Buffer.alloc(size);
    readSync(this.#file, bytes, 0, size, data);
    return bytes;
  }

  /** Entries that were there at the moment `position`. */
  countAt(position: number): number {
    const after = this.entries.findIndex(({ end }) => end > position);
    return after < 0 ? this.entries.length : after;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function readEntries(file: number, size: number): Entry[] {
  const entries: Entry[] = [];
  const head = Buffer.alloc(writeHead);
  for (let at = 0; at < size; ) {
    readSync(file, head, 0, writeHead, at);
    const { opcode: kind, length } = readRequest(head);
    const end = at + length;
    if (kind === opcode.fsync) entries.push({ kind: "flush", end });
    else entries.push({ kind: "write", end, data: at + writeHead, ...readExtent(head) });
    at = end;
  }
  return entries;
}
