/** Milliseconds' worth of bytes that may come at once after a pause. */
const burst = 100;

/** Bytes a second, over all connections. */
export class RateLimit {
  readonly #bytesPerMs: number;
  readonly #now: () => number;
  /** When all bytes that came are paid for. */
  #paidAt = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number, now: () => number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#now = now;
  }

  /** Counts these bytes. Returns the milliseconds to wait before more are read. */
  spend(bytes: number): number {
    const now = this.#now();
    this.#paidAt = Math.max(this.#paidAt, now - burst) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#paidAt - now);
  }
}
