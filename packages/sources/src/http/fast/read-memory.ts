/** Memory that connections read answers into, and that is kept by what becomes of the answers. */
export interface ReadMemory {
  /** Returns a place, of at least 64 KiB; `undefined` if none is free. */
  acquire(): number | undefined;
  giveBack(place: number): void;
  bytesOf(place: number): Buffer;
}

/** Where one connection reads to. */
export class ReadPlace {
  readonly #memory: ReadMemory | undefined;
  /** `undefined` if there is no memory of its own. */
  #place: number | undefined;
  /** Bytes at the start of the place that the handler of the answer still needs. */
  kept = 0;

  constructor(memory: ReadMemory | undefined) {
    this.#memory = memory;
  }

  open(): void {
    this.#place = this.#memory?.acquire();
  }

  close(): void {
    if (this.#place !== undefined) this.#memory?.giveBack(this.#place);
    this.#place = undefined;
  }

  /** Returns the memory for the next bytes; `undefined` if there is none of its own. */
  next(): Buffer | undefined {
    if (this.#place === undefined) return undefined;
    const bytes = this.#memory?.bytesOf(this.#place);
    return this.kept === 0 ? bytes : bytes?.subarray(this.kept);
  }

  /** Returns the place that was read to, and goes on with this one. */
  exchange(place: number): number {
    const own = this.#place ?? place;
    if (this.#place !== undefined) this.#place = place;
    this.kept = 0;
    return own;
  }
}
