import type { RequestConnection, Turn } from "../turns/turn.ts";

/**
 * Milliseconds: no connection counts as unserved before; nor before this many times the longest
 * wait for an answer lately.
 */
const leastPatience = 2_000;
const timesLongest = 4;
/**
 * Milliseconds. A server that has answered no request for this time may stand still: no longer time
 * counts.
 */
const answersLately = 1_000;
/** Milliseconds: "lately" is one to two of these. */
const lately = 60_000;
/** Milliseconds. Requests within this time count as sent at once. */
const atOnce = 100;
/** A request that was slow this number of times is slow by itself. */
const mostTakenBack = 3;

/**
 * Requests without an answer. Some servers accept more connections than they serve: requests over
 * the others wait until our timeout, while later requests are answered over the served ones.
 */
export class Silence {
  /** In the order in which they were sent; when that was, in milliseconds of answering. */
  readonly #silent = new Map<Turn, number>();
  /** Connections over which answers came; some may be closed by now. */
  readonly #connections = new Set<RequestConnection>();
  #longest = 0;
  #longestBefore = 0;
  #turnedAt = Number.NEGATIVE_INFINITY;
  /** When the latest of the requests that were answered was sent. */
  #answered = Number.NEGATIVE_INFINITY;
  /** When the last answer came, and when the last request was sent. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds until the last answer, without the time in which the whole server stood still. */
  #answering = 0;

  get isEmpty(): boolean {
    return this.#silent.size === 0;
  }

  add(turn: Turn): void {
    this.#silent.set(turn, this.#answering + this.#sinceAnswer(turn.sentAt));
    this.#sentAt = turn.sentAt;
  }

  delete(turn: Turn): void {
    this.#silent.delete(turn);
  }

  answered(turn: Turn, now: number): void {
    this.#silent.delete(turn);
    if (turn.connection !== undefined) this.#connections.add(turn.connection);
    if (turn.sentAt > this.#answered) this.#answered = turn.sentAt;
    const waited = now - turn.sentAt;
    // A request that waited longer than all recent others shows that the server stood still, or is
    // slower now.
    const stoodStill = waited > this.#longestLately ? waited : 0;
    this.#answering += Math.max(0, this.#sinceAnswer(now) - stoodStill);
    this.#answeredAt = now;
    if (now - this.#turnedAt > lately) {
      this.#forget();
      this.#longestBefore = this.#longest;
      this.#longest = 0;
      this.#turnedAt = now;
    }
    if (waited > this.#longest) this.#longest = waited;
  }

  /** Connections that are served. */
  get served(): number {
    this.#forget();
    return this.#connections.size;
  }

  /** Returns requests that are not written to a connection yet. */
  unsent(): readonly Turn[] {
    return [...this.#silent.keys()].filter((turn) => !turn.isSent);
  }

  /** Answers came lately: a silent request is not silent because the server stands still. */
  isAnswering(now: number): boolean {
    return now - this.#answeredAt < answersLately;
  }

  /**
   * Returns requests whose connections are most likely not served. `isKnown`: this server leaves
   * some unserved; `running`: requests under way. While no answers come at all, it is at most one
   * request per second, and only if most served connections are idle: a request over one of these
   * is a test. If most requests over them fail, the whole server stands still.
   */
  starved(now: number, isKnown: boolean, running: number): readonly Turn[] {
    if (this.isAnswering(now)) {
      return this.#silentFor((_, since) => this.#answering - since, isKnown);
    }
    if (now - this.#sentAt < answersLately || !this.#areLinesIdle(running)) return [];
    return this.#silentFor(({ sentAt }) => now - sentAt, isKnown).slice(0, 1);
  }

  #silentFor(waitOf: (turn: Turn, since: number) => number, isKnown: boolean): Turn[] {
    const patience = Math.max(leastPatience, timesLongest * this.#longestLately);
    const starved: Turn[] = [];
    for (const [turn, since] of this.#silent) {
      const waited = waitOf(turn, since);
      if (waited < patience || (!isKnown && turn.sentAt > this.#answered + atOnce)) break;
      if (
        turn.connection?.isServed === false &&
        turn.timesTakenBack < mostTakenBack &&
        waited >= patience * 2 ** turn.timesTakenBack
      )
        starved.push(turn);
    }
    return starved;
  }

  #areLinesIdle(running: number): boolean {
    let busy = running;
    for (const { connection } of this.#silent.keys()) if (connection?.isServed === false) busy--;
    return this.served > 2 * busy;
  }

  get #longestLately(): number {
    return Math.max(this.#longest, this.#longestBefore);
  }

  /** Milliseconds since the last answer, as far as they count. */
  #sinceAnswer(now: number): number {
    return this.#answeredAt === Number.NEGATIVE_INFINITY
      ? 0
      : Math.min(answersLately, now - this.#answeredAt);
  }

  #forget(): void {
    for (const connection of this.#connections)
      if (!connection.isServed) this.#connections.delete(connection);
  }
}
