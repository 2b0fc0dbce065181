/** How long the pauses between tries are, milliseconds. */
export interface Pauses {
  /** Each next one is twice as long. */
  readonly first: number;
  readonly most: number;
}

/**
 * Exponential backoff with full jitter between half and whole. Returns milliseconds.
 * `attempt` counts from 0; `random` gives [0, 1).
 */
export function backoff(
  attempt: number,
  { first, most }: Pauses,
  random: () => number = Math.random,
): number {
  const whole = Math.min(most, first * 2 ** attempt);
  return whole / 2 + (whole / 2) * random();
}
