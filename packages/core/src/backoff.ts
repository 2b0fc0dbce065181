/**
 * Exponential backoff with full jitter between half and whole, milliseconds.
 * `attempt` counts from 0; `random` gives [0, 1).
 */
export function backoff(
  attempt: number,
  { first, most, random = Math.random }: { first: number; most: number; random?: () => number },
): number {
  const whole = Math.min(most, first * 2 ** attempt);
  return whole / 2 + (whole / 2) * random();
}
