/** Bytes from `from` to before `to`. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** A set of bytes, as pieces in order of which no two touch. */
export class Pieces {
  #pieces: readonly Piece[];

  constructor(pieces: readonly Piece[] = []) {
    this.#pieces = [];
    for (const piece of pieces) this.add(piece);
  }

  /** Never changed afterwards: may be kept as it was at this moment. */
  get list(): readonly Piece[] {
    return this.#pieces;
  }

  get bytes(): number {
    return this.#pieces.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  add(piece: Piece): void {
    let { from, to } = piece;
    if (to <= from) return;
    const apart = (one: Piece) => one.to < from || one.from > to;
    const before = this.#pieces.filter((one) => one.to < from);
    const after = this.#pieces.filter((one) => one.from > to);
    for (const one of this.#pieces) {
      if (apart(one)) continue;
      from = Math.min(from, one.from);
      to = Math.max(to, one.to);
    }
    this.#pieces = [...before, { from, to }, ...after];
  }
}
