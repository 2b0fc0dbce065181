/** From and up to, both included. */
export type Range = readonly [first: number, last: number];

/** A set of whole numbers, kept as ranges: what was finished, in almost the order it was begun. */
export class Ranges {
  /** Ascending, with gaps between them. */
  #ranges: Range[];

  constructor(ranges: readonly Range[] = []) {
    this.#ranges = [...ranges];
  }

  get all(): readonly Range[] {
    return this.#ranges;
  }

  has(number: number): boolean {
    return this.#ranges.some(([first, last]) => first <= number && number <= last);
  }

  /** Takes a range that shares nothing with those that are here. */
  add([first, last]: Range): void {
    const before = this.#ranges.filter((range) => range[1] < first);
    const after = this.#ranges.filter((range) => range[0] > last);
    const left = before.at(-1)?.[1] === first - 1 ? before.pop() : undefined;
    const right = after[0]?.[0] === last + 1 ? after.shift() : undefined;
    this.#ranges = [...before, [left?.[0] ?? first, right?.[1] ?? last], ...after];
  }

  /** The first gap after `number`; without end where nothing comes after it. */
  gapAfter(number: number): Range {
    let first = number + 1;
    for (const range of this.#ranges) {
      if (range[0] > first) return [first, range[0] - 1];
      first = Math.max(first, range[1] + 1);
    }
    return [first, Number.MAX_SAFE_INTEGER];
  }
}
