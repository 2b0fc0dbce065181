/**
 * Chunks shorter than this are joined while they wait, because a chunk costs more memory than its
 * bytes. A server decides their length.
 */
const short = 1024;
const together = 16 * 1024;

/** Chunks of a body that wait for their reader. */
export class ChunkQueue {
  #chunks: Uint8Array[] = [];
  /** Short ones behind these. */
  #gathered: Uint8Array | undefined;
  #filled = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    if (chunk.byteLength < short && (this.#filled > 0 || this.#endsShort())) this.#gather(chunk);
    else {
      this.#close();
      this.#chunks.push(chunk);
    }
  }

  /** Removes and returns all waiting chunks, in order. */
  take(): Uint8Array[] {
    this.#close();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }

  /** A short one alone stays as it is. */
  #endsShort(): boolean {
    const last = this.#chunks.at(-1);
    return last !== undefined && last.byteLength < short;
  }

  #gather(chunk: Uint8Array): void {
    this.#gathered ??= new Uint8Array(together);
    const before = this.#filled === 0 ? this.#chunks.pop() : undefined;
    if (this.#filled + chunk.byteLength > together) this.#close();
    for (const one of before === undefined ? [chunk] : [before, chunk]) {
      this.#gathered.set(one, this.#filled);
      this.#filled += one.byteLength;
    }
  }

  #close(): void {
    if (this.#filled === 0 || this.#gathered === undefined) return;
    this.#chunks.push(this.#gathered.slice(0, this.#filled));
    this.#filled = 0;
  }
}
