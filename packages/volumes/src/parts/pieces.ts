import type { Piece } from "@brigade/core";

/** A set of bytes, as pieces in order of which no two touch. */
export class Pieces {
  readonly #pieces: Piece[] = [];
  #copy: readonly Piece[] | undefined;

  constructor(pieces: readonly Piece[] = []) {
    for (const piece of pieces) this.add(piece);
  }

  /** Never changed afterwards, and the same until something is added. */
  get list(): readonly Piece[] {
    this.#copy ??= [...this.#pieces];
    return this.#copy;
  }

  add({ from, to }: Piece): void {
    if (to <= from) return;
    const first = this.#firstEndingAt(from);
    let after = first;
    let [start, end] = [from, to];
    for (let one = this.#pieces[after]; one !== undefined && one.from <= to; one = this.#pieces[after]) {
      start = Math.min(start, one.from);
      end = Math.max(end, one.to);
      after++;
    }
    this.#pieces.splice(first, after - first, { from: start, to: end });
    this.#copy = undefined;
  }

  /** Where the first piece is that ends at `at` or behind it. */
  #firstEndingAt(at: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#pieces[middle]?.to ?? at) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
