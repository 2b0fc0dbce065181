import type { Line, Turn } from "./turn.ts";

/** Milliseconds: no connection counts as unserved before; nor before this many times the longest wait for an answer lately. */
const leastPatience = 2_000;
const timesLongest = 4;
/** Milliseconds: a server that is asked, and has answered nothing for so long, may stand still. */
const answersLately = 1_000;
/** Milliseconds: "lately" is one to two of these. */
const lately = 60_000;
/** Milliseconds: requests that were sent so close together were sent at once. */
const atOnce = 100;
/** A request that was slow so often is slow by itself. */
const mostTakenBack = 3;

/**
 * Requests that no answer has come to. Some servers take more connections than they serve: what is sent over the others waits for
 * as long as we let it, while later requests are answered over those that are served.
 */
export class Silence {
  /** In the order in which they were sent. */
  readonly #silent = new Set<Turn>();
  /** Connections over which answers came; some may be closed by now. */
  readonly #lines = new Set<Line>();
  #longest = 0;
  #longestBefore = 0;
  #turnedAt = Number.NEGATIVE_INFINITY;
  /** When the latest of the requests that were answered was sent. */
  #answered = Number.NEGATIVE_INFINITY;
  /** When the last answer came, and when the last request was sent. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;

  get isEmpty(): boolean {
    return this.#silent.size === 0;
  }

  add(turn: Turn): void {
    this.#silent.add(turn);
    this.#sentAt = turn.sentAt;
  }

  delete(turn: Turn): void {
    this.#silent.delete(turn);
  }

  answered(turn: Turn, now: number): void {
    this.#silent.delete(turn);
    if (turn.line !== undefined) this.#lines.add(turn.line);
    if (turn.sentAt > this.#answered) this.#answered = turn.sentAt;
    this.#answeredAt = now;
    if (now - this.#turnedAt > lately) {
      this.#forget();
      this.#longestBefore = this.#longest;
      this.#longest = 0;
      this.#turnedAt = now;
    }
    const waited = now - turn.sentAt;
    if (waited > this.#longest) this.#longest = waited;
  }

  /** Connections that are served. */
  get served(): number {
    this.#forget();
    return this.#lines.size;
  }

  /** Answers came lately: what is silent meanwhile is not silent because the server stands still. */
  isAnswering(now: number): boolean {
    return now - this.#answeredAt < answersLately;
  }

  /**
   * Requests whose connections are most likely not served. `isKnown`: that this server leaves some unserved. While no answers come
   * at all, it is one of them, each second at most: the server may stand still, and what is sent in its place will tell.
   */
  starved(now: number, isKnown: boolean): readonly Turn[] {
    const silent = this.#silentFor(now, isKnown);
    if (this.isAnswering(now)) return silent;
    return now - this.#sentAt < answersLately ? [] : silent.slice(0, 1);
  }

  #silentFor(now: number, isKnown: boolean): Turn[] {
    const patience = Math.max(leastPatience, timesLongest * Math.max(this.#longest, this.#longestBefore));
    const starved: Turn[] = [];
    for (const turn of this.#silent) {
      const waited = now - turn.sentAt;
      if (waited < patience || (!isKnown && turn.sentAt > this.#answered + atOnce)) break;
      if (
        turn.line?.isServed === false &&
        turn.timesTakenBack < mostTakenBack &&
        waited >= patience * 2 ** turn.timesTakenBack
      )
        starved.push(turn);
    }
    return starved;
  }

  #forget(): void {
    for (const line of this.#lines) if (!line.isServed) this.#lines.delete(line);
  }
}
