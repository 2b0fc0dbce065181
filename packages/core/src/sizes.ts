/**
 * Bytes of one object at most: 1 PiB. A larger one is a mistake, or is meant to make sums overflow.
 */
export const mostBytes = 2 ** 50;

/** A sum of bytes that would pass this stays here: it means "at least 8 PiB". */
export const mostSum = Number.MAX_SAFE_INTEGER;

/** Returns why no object can be of this size; `undefined` if one can, or if it is not known. */
export function sizeProblem(size: number | undefined): string | undefined {
  if (size === undefined || (Number.isInteger(size) && size >= 0 && size <= mostBytes)) return undefined;
  return `its size is given as ${size} bytes, and no object has more than 1 PiB (2^50)`;
}

/**
 * Returns the sum after a change. A sum that has reached `mostSum` stays there: its true value is
 * not known.
 */
export function plus(sum: number, change: number): number {
  if (sum === mostSum) return sum;
  return Math.max(-mostSum, Math.min(mostSum, sum + change));
}

/** Returns the sum of those of the sizes that are known. */
export function sumOf(sizes: Iterable<number | undefined>): number {
  let sum = 0;
  for (const size of sizes) sum = plus(sum, size ?? 0);
  return sum;
}
