/** Milliseconds by which requests may be late and still count as paced. */
const lateness = 20;

/**
 * Returns when the next request may start, `gapMs` after one that starts now and could have started
 * at `due`.
 */
export function nextAfter(now: number, due: number, gapMs: number): number {
  return Math.max(due, now - lateness) + gapMs;
}

/** Time and chance, for tests. */
export interface Clock {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /**
   * Calls back after this number of milliseconds, or before. A `watch` does not keep the process
   * alive: it may never call back.
   */
  readonly ring: (ms: number, wake: () => void, kind?: "watch") => void;
  /** [0, 1). */
  readonly random: () => number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  // In short steps, so that an alarm that was not cleared does not keep the process alive.
  ring(ms, wake, kind) {
    const timer = setTimeout(wake, Math.min(Math.max(1, Math.ceil(ms)), 1_000));
    if (kind === "watch") timer.unref();
  },
  random: Math.random,
};

/** Calls back at the earliest of its times. */
export class Alarm {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Milliseconds from now on; infinite: never. */
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
