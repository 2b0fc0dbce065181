import type { Piece } from "@brigade/core";

/**
 * What a connection is to bring. `at` moves on, `to` may come nearer when a helper takes the second
 * half.
 */
export class Segment {
  readonly from: number;
  /** The next byte to come. */
  at: number;
  to: number;
  state: "opening" | "receiving" | "waiting" = "waiting";
  /** Where its connection began, and when, milliseconds. */
  #began: { readonly at: number; readonly when: number } | undefined;
  /** Tries since bytes came last. */
  attempts = 0;
  /** When bytes came last, and when a try failed last, milliseconds. */
  heardAt = Number.NEGATIVE_INFINITY;
  failedAt = Number.NEGATIVE_INFINITY;

  constructor(from: number, to: number) {
    this.from = from;
    this.at = from;
    this.to = to;
  }

  get left(): number {
    return this.to - this.at;
  }

  /** A connection brings it from here on. */
  begin(now: number): void {
    this.#began = { at: this.at, when: now };
  }

  /**
   * Milliseconds that its connection will need at the speed it had so far; infinite while nothing
   * comes.
   */
  timeLeft(now: number): number {
    if (this.state !== "receiving" || this.#began === undefined || this.at === this.#began.at)
      return Number.POSITIVE_INFINITY;
    return (this.left * (now - this.#began.when)) / (this.at - this.#began.at);
  }

  /** Gives away the second half of what is left. */
  split(): Segment {
    const middle = this.at + Math.ceil(this.left / 2);
    const second = new Segment(middle, this.to);
    this.to = middle;
    return second;
  }
}

/** What is not in `finished`, which is in order. */
export function gaps(finished: readonly Piece[], length: number): Piece[] {
  const missing: Piece[] = [];
  let at = 0;
  for (const { from, to } of [...finished, { from: length, to: length }]) {
    if (from > at) missing.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  return missing;
}

/**
 * Cuts pieces so that about `count` come out in all, alike in size, none shorter than `least` but
 * where its piece is.
 */
export function cut(pieces: readonly Piece[], count: number, least: number): Segment[] {
  const total = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
  const size = Math.max(least, Math.ceil(total / count));
  return pieces.flatMap(({ from, to }) => {
    const parts = Math.max(1, Math.round((to - from) / size));
    const bound = (part: number) => from + Math.floor(((to - from) * part) / parts);
    return Array.from({ length: parts }, (_, part) => new Segment(bound(part), bound(part + 1)));
  });
}
