/** Bounds the bytes of bodies that are in memory at once; waiting is first come, first served. */
export class ByteBudget {
  readonly #total: number;
  readonly #waiting: { bytes: number; resolve: () => void }[] = [];
  #free: number;

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /** What asks for more than there is at all gets everything, alone. Nothing to wait for: returns without a promise. */
  take(bytes: number): Promise<void> | undefined {
    const wanted = Math.min(bytes, this.#total);
    if (this.#waiting.length === 0 && wanted <= this.#free) {
      this.#free -= wanted;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push({ bytes: wanted, resolve }));
  }

  give(bytes: number): void {
    this.#free += Math.min(bytes, this.#total);
    for (
      let first = this.#waiting[0];
      first !== undefined && first.bytes <= this.#free;
      first = this.#waiting[0]
    ) {
      this.#free -= first.bytes;
      this.#waiting.shift();
      first.resolve();
    }
  }
}
