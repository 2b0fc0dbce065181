/** Milliseconds by which requests may be late and still be sent at the rate. */
const lateness = 100;

/** Requests of one kind per second, over all servers of a source. */
export class RequestBudget {
  readonly #now: () => number;
  #gapMs = 0;
  #nextAt = Number.NEGATIVE_INFINITY;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get isOn(): boolean {
    return this.#gapMs > 0;
  }

  /** `undefined`: no limit. */
  limit(perSecond: number | undefined): void {
    const gapMs = perSecond === undefined ? 0 : 1000 / perSecond;
    // The next request waits for the new gap, not for a longer one that was before.
    this.#nextAt = Math.min(this.#nextAt, this.#now() + gapMs);
    this.#gapMs = gapMs;
  }

  /** Milliseconds until a request may start. */
  get wait(): number {
    return this.#gapMs === 0 ? 0 : Math.max(0, this.#nextAt - this.#now());
  }

  /** A request starts. */
  begin(): void {
    if (this.#gapMs === 0) return;
    this.#nextAt = Math.max(this.#nextAt, this.#now() - lateness) + this.#gapMs;
  }
}
