/** Bytes of one. */
const largest = 1024 * 1024;
const smallest = 64 * 1024;
/**
 * Bytes of all that are filled at once, where memory is not short; of each connection one is
 * filled, and others are written.
 */
const usualTogether = 32 * 1024 * 1024;

/** Memory for the chunks of all connections, used again and again. */
export class Slabs {
  readonly #size: number;
  readonly #free: Uint8Array[] = [];

  /** `together`: bytes of all that are filled at once. */
  constructor(connections: number, together = usualTogether) {
    this.#size = Math.max(smallest, Math.min(largest, Math.floor(together / connections)));
  }

  /** For the chunks of one body. */
  lend(): LentSlabs {
    return new LentSlabs(
      () => this.#free.pop() ?? new Uint8Array(this.#size),
      (slabs) => this.#free.push(...slabs),
    );
  }
}

/** What is lent to one body, in the order in which it fills them. */
export class LentSlabs {
  readonly #acquire: () => Uint8Array;
  readonly #giveBack: (slabs: readonly Uint8Array[]) => void;
  #lent: Uint8Array[] = [];

  constructor(acquire: () => Uint8Array, giveBack: (slabs: readonly Uint8Array[]) => void) {
    this.#acquire = acquire;
    this.#giveBack = giveBack;
  }

  readonly next = (): Uint8Array => {
    const slab = this.#acquire();
    this.#lent.push(slab);
    return slab;
  };

  /** All up to this chunk was written: slabs before the one that it lies in are free. */
  written(chunk: Uint8Array | undefined): void {
    const before = this.#lent.findIndex(({ buffer }) => buffer === chunk?.buffer);
    if (before > 0) this.#giveBack(this.#lent.splice(0, before));
  }

  /** The body ended, and all that came was written. */
  end(): void {
    this.#giveBack(this.#lent.splice(0));
  }
}
