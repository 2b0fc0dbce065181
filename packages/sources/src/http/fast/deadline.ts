/** Milliseconds. Node fires a timer with a longer time at once. */
const longestWait = 2 ** 31 - 1;

/**
 * A time limit that is extended often. It does not keep the process running. To save work, its timer
 * is set again only when it has fired, or when the limit is moved to an earlier time.
 */
export class Deadline {
  readonly #onReached: () => void;
  /** Milliseconds on the monotonic clock, both. */
  #at = Number.POSITIVE_INFINITY;
  #firesAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(onReached: () => void) {
    this.#onReached = onReached;
  }

  /** `ms`: milliseconds from now. */
  set(ms: number): void {
    const now = performance.now();
    this.#at = now + ms;
    if (this.#at < this.#firesAt) this.#fireIn(ms, now);
  }

  /** Milliseconds. */
  get left(): number {
    return Math.max(0, this.#at - performance.now());
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #fireIn(ms: number, now: number): void {
    clearTimeout(this.#timer);
    const wait = Math.min(ms, longestWait);
    this.#firesAt = now + wait;
    this.#timer = setTimeout(this.#fire, wait).unref();
  }

  readonly #fire = (): void => {
    const now = performance.now();
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (!this.#isReached(now)) this.#fireIn(this.#at - now, now);
    // If this process was busy, bytes may have come that it has not read yet. They are read first,
    // and extend the limit.
    else setImmediate(this.#end);
  };

  readonly #end = (): void => {
    if (this.#isReached(performance.now())) this.#onReached();
  };

  /** Timers may fire a little early. */
  #isReached(now: number): boolean {
    return this.#at - now < 1;
  }
}
