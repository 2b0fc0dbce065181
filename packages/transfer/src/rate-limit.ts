/** Milliseconds' worth of bytes that may come at once after a pause. */
const burst = 100;

/** Bytes a second, over all connections. */
export class RateLimit {
  readonly #bytesPerMs: number;
  readonly #now: () => number;
  /** When all that was taken is paid for. */
  #paidAt = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number, now: () => number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#now = now;
  }

  /** Takes these bytes; gives the milliseconds to wait before more are read. */
  take(bytes: number): number {
    const now = this.#now();
    this.#paidAt = Math.max(this.#paidAt, now - burst) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#paidAt - now);
  }
}
