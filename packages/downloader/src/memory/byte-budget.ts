/** What one object holds of a budget. */
export interface Share {
  /** Gives it back. A second call changes nothing. */
  give(): void;
}

/**
 * Bounds the bytes of bodies that are in memory at once. `least`, which every new share holds, also
 * bounds the number of objects that are begun: each waiting one costs promises and closures. First
 * come, first served.
 */
export class ByteBudget {
  #total: number;
  readonly #least: () => number;
  readonly #waiting: { bytes: number; resolve: (share: Share) => void }[] = [];
  #free: number;

  constructor(total: number, least: () => number = () => 0) {
    this.#total = total;
    this.#least = least;
    this.#free = total;
  }

  /**
   * A request for more than the total gets the total, alone. Returns the share itself, without a
   * promise, if there is nothing to wait for.
   */
  acquire(bytes: number): Share | Promise<Share> {
    const wanted = Math.min(Math.max(bytes, this.#least()), this.#total);
    if (this.#waiting.length === 0 && wanted <= this.#free) return this.#share(wanted);
    return new Promise((resolve) => this.#waiting.push({ bytes: wanted, resolve }));
  }

  /** Whether a share is waited for. */
  get isShort(): boolean {
    return this.#waiting.length > 0;
  }

  /** Nothing more is given until the shares fit into the new total. */
  resize(total: number): void {
    this.#free += total - this.#total;
    this.#total = total;
    this.#startWaiting();
  }

  #share(bytes: number): Share {
    this.#free -= bytes;
    let held = bytes;
    return {
      give: () => {
        this.#free += held;
        held = 0;
        this.#startWaiting();
      },
    };
  }

  #startWaiting(): void {
    for (
      let first = this.#waiting[0];
      first !== undefined && Math.min(first.bytes, this.#total) <= this.#free;
      first = this.#waiting[0]
    ) {
      this.#waiting.shift();
      first.resolve(this.#share(Math.min(first.bytes, this.#total)));
    }
  }
}
