import type { Part, Piece, StoredObject } from "@brigade/core";
import type { OpenedPart } from "../parts/parts.ts";
import type { WriterLink } from "./writer-link.ts";

/** A part, of which the writer thread has the file. */
export class ThreadPart implements Part {
  readonly reserved: number;
  readonly startedOver: string | undefined;
  readonly #link: WriterLink;
  readonly #id: number;
  #finished: readonly Piece[];

  /** `id`: of the command that opened it. */
  constructor(link: WriterLink, id: number, { finished, reserved, startedOver }: OpenedPart) {
    this.#link = link;
    this.#id = id;
    this.#finished = finished;
    this.reserved = reserved;
    this.startedOver = startedOver;
  }

  get finished(): readonly Piece[] {
    return this.#finished;
  }

  async write(offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = joined(chunks);
    await this.#link.call({ op: "part-write", part: this.#id, offset, bytes }, bytes.buffer);
  }

  async sync(): Promise<void> {
    this.#finished = await this.#link.call({ op: "part-sync", part: this.#id });
  }

  async finish(signal: AbortSignal): Promise<StoredObject> {
    const stop = () => void this.#link.call({ op: "part-stop", part: this.#id }).catch(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      return await this.#link.call({ op: "part-finish", part: this.#id });
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async discard(): Promise<void> {
    await this.#link.call({ op: "part-discard", part: this.#id });
    this.#finished = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.call({ op: "part-close", part: this.#id });
  }
}

/** A copy of its own, which can be given to the thread. */
function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
