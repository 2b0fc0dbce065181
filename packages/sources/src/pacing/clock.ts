/** Milliseconds by which requests may be late and still count as paced. */
const lateness = 20;

/** When a request may start after one that starts now, where they are to be `gapMs` apart; that one might have started at `due`. */
export function nextAfter(now: number, due: number, gapMs: number): number {
  return Math.max(due, now - lateness) + gapMs;
}

/** Time and chance, for tests. */
export interface Clock {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, or before. */
  readonly ring: (ms: number, wake: () => void) => void;
  /** [0, 1). */
  readonly random: () => number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  // In short steps, so that a forgotten alarm does not keep the process alive.
  ring: (ms, wake) => void setTimeout(wake, Math.min(Math.max(1, Math.ceil(ms)), 1_000)),
  random: Math.random,
};

/** Calls back at the soonest of the times that it was set to. */
export class Alarm {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Milliseconds from now on; infinite: not at all. */
  set(ms: number): void {
    const at = this.#clock.now() + ms;
    if (at >= this.#at) return;
    this.#at = at;
    this.#clock.ring(ms, () => {
      if (this.#at !== at) return;
      this.#at = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }
}
