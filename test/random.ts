/**
 * Mulberry32: numbers from 0 to before 1 that look random, and are the same in every run with this
 * seed.
 */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function below(random: () => number, n: number): number {
  return Math.floor(random() * n);
}

export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const out = [...values];
  for (let i = out.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}

/** Cut into groups of 1 to `most`. */
export function grouped<T>(values: readonly T[], most: number, random: () => number): T[][] {
  const groups: T[][] = [];
  for (let from = 0; from < values.length; ) {
    const length = 1 + below(random, most);
    groups.push(values.slice(from, from + length));
    from += length;
  }
  return groups;
}
