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
