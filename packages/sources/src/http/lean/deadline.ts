/** Milliseconds. A timer that is set for longer rings at once. */
const longestWait = 2 ** 31 - 1;

/**
 * A time that is put off again and again. It keeps no process alive. Its timer is set anew only
 * when it has rung, or when the time comes nearer.
 */
export class Deadline {
  readonly #reached: () => void;
  /** Milliseconds on the monotonic clock, both. */
  #at = Number.POSITIVE_INFINITY;
  #ringsAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(reached: () => void) {
    this.#reached = reached;
  }

  /** So many milliseconds from now. */
  set(ms: number): void {
    const now = performance.now();
    this.#at = now + ms;
    if (this.#at < this.#ringsAt) this.#ringIn(ms, now);
  }

  /** Milliseconds. */
  get left(): number {
    return Math.max(0, this.#at - performance.now());
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }

  #ringIn(ms: number, now: number): void {
    clearTimeout(this.#timer);
    const wait = Math.min(ms, longestWait);
    this.#ringsAt = now + wait;
    this.#timer = setTimeout(this.#ring, wait).unref();
  }

  readonly #ring = (): void => {
    const now = performance.now();
    this.#ringsAt = Number.POSITIVE_INFINITY;
    if (!this.#isReached(now)) this.#ringIn(this.#at - now, now);
    // Where this process itself was late, what was waited for may have come, and puts the deadline
    // off now.
    else setImmediate(this.#end);
  };

  readonly #end = (): void => {
    if (this.#isReached(performance.now())) this.#reached();
  };

  /** Timers may ring a little early. */
  #isReached(now: number): boolean {
    return this.#at - now < 1;
  }
}
