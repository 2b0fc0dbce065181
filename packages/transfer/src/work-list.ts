import type { Piece } from "@brigade/core";
import { cut, gaps, type Segment } from "./segment.ts";

/**
 * Milliseconds: what will be there so soon is not worth another request, and the bytes on the way
 * that it wastes.
 */
const soon = 1000;

/** What is still to come: segments that wait for a connection, and those that have one. */
export class WorkList {
  readonly #least: number;
  readonly #waiting: Segment[];
  readonly #active = new Set<Segment>();

  /** `least`: bytes; nothing shorter is given to a helper. */
  constructor(length: number, finished: readonly Piece[], connections: number, least: number) {
    this.#least = least;
    this.#waiting = cut(gaps(finished, length), connections, least);
  }

  get active(): ReadonlySet<Segment> {
    return this.#active;
  }

  /**
   * Returns the first that waits; else half of the largest that is under way; `undefined` if each
   * is on its way. `now`: milliseconds.
   */
  next(now: number): Segment | undefined {
    const segment = this.#waiting.shift() ?? this.#help(now);
    if (segment !== undefined) this.#active.add(segment);
    return segment;
  }

  /** Its connection gives it up. */
  giveBack(segment: Segment): void {
    this.#active.delete(segment);
    segment.state = "waiting";
    this.#waiting.push(segment);
  }

  finish(segment: Segment): void {
    this.#active.delete(segment);
  }

  #help(now: number): Segment | undefined {
    let largest: Segment | undefined;
    for (const segment of this.#active) {
      if (segment.left < 2 * this.#least || segment.timeLeft(now) < soon) continue;
      if (segment.left > (largest?.left ?? 0)) largest = segment;
    }
    return largest?.split();
  }
}
