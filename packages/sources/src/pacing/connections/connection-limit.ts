import { RefusedAtOnce } from "./refused-at-once.ts";

/**
 * Milliseconds after a cut in which the limit is not passed; doubled each time that the limit
 * proves right.
 */
const firstCaution = 10_000;
const longestCaution = 600_000;
/**
 * Connections that may be opened at once, until as many have been served: many servers accept them
 * one after the other.
 */
const openedAtOnce = 16;
/** After this number of answers no more of them are needed at once. */
const opened = 500;
/**
 * The limit is halved at most once in this many milliseconds, because many requests fail in the
 * same bad moment.
 */
const halvingMs = 1_000;

/** Where a limit was met before, one more is tried after this many times as many answers. */
const cautiously = 8;

/**
 * The number of requests that may be under way at one server at once. It is small at first, and
 * grows by one per connection that is served, up to half of the maximum; then by one after as many
 * answers as there are places. If a server serves fewer connections than we open, or refuses
 * requests beyond a number at once, that number is used.
 */
export class ConnectionLimit {
  readonly #most: number;
  /** Until it is reached, each connection that is served leaves room for another. */
  readonly #half: number;
  readonly #refusedAtOnce = new RefusedAtOnce();
  #limit: number;
  #isOpening: boolean;
  #running = 0;
  /** The most that ran at once since the limit was last looked at. */
  #peak = 0;
  #answers = 0;
  #ceiling = Number.POSITIVE_INFINITY;
  #ceilingUntil = Number.NEGATIVE_INFINITY;
  #caution = firstCaution;
  #halvedAt = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
    this.#half = Math.max(1, Math.ceil(most / 2));
    this.#limit = Math.min(openedAtOnce, this.#half);
    this.#isOpening = this.#limit < this.#half;
  }

  get limit(): number {
    return this.#limit;
  }

  get running(): number {
    return this.#running;
  }

  get isFree(): boolean {
    return this.#running < this.#limit;
  }

  /**
   * As many connections as at first may wait to be served for the first time; others are not opened
   * while one is idle.
   */
  get isOpening(): boolean {
    return this.#isOpening;
  }

  get isUnused(): boolean {
    return this.#running === 0 && !this.isLearnt;
  }

  /** The server showed that it serves fewer connections than were opened. */
  get isLearnt(): boolean {
    return this.#ceiling !== Number.POSITIVE_INFINITY;
  }

  /** Returns how many others are under way. */
  enter(): number {
    const beside = this.#running++;
    if (this.#running > this.#peak) this.#peak = this.#running;
    return beside;
  }

  leave(): void {
    this.#running--;
  }

  /** The first answer came over a connection, since it was opened. */
  opened(): void {
    if (!this.#isOpening || ++this.#limit < this.#half) return;
    this.#isOpening = false;
    this.#answers = 0;
  }

  /**
   * A request was served that was sent beside this number of others. Returns true if the limit
   * rose.
   */
  served(now: number, beside: number): boolean {
    this.#refusedAtOnce.served(now, beside);
    this.#answers++;
    if (this.#isOpening) {
      if (this.#answers >= opened) this.#isOpening = false;
      return false;
    }
    const enough = this.isLearnt ? cautiously * this.#limit : this.#limit;
    if (this.#answers < enough || this.#limit >= this.#most) return false;
    this.#answers = 0;
    if (this.#limit >= this.#ceiling) {
      // A limit that is not reached proves nothing.
      if (now < this.#ceilingUntil || this.#peak < this.#limit) return false;
      this.#peak = this.#running;
    }
    this.#limit++;
    return true;
  }

  /**
   * A request was refused. Returns true if the reason was the others that were under way, and not
   * the rate.
   */
  refused(now: number, beside: number): boolean {
    if (!this.#refusedAtOnce.refused(now, beside)) return false;
    if (this.#refusedAtOnce.tooMany < this.#limit) this.#cut(now, this.#refusedAtOnce.tooMany);
    return true;
  }

  /**
   * A number of requests was never answered, while others were: their connections are not served.
   * `connections`: the number that is known to be served.
   */
  starved(now: number, requests: number, connections: number): void {
    const served = Math.max(1, connections, Math.min(this.#limit, this.#peak) - requests);
    this.#cut(now, served);
  }

  #cut(now: number, served: number): void {
    // The limit proved right: requests beyond it were not served.
    this.#caution = served >= this.#ceiling ? Math.min(longestCaution, this.#caution * 2) : firstCaution;
    this.#lower(now, served);
  }

  /** No answer in time: to any of several, most likely. */
  timedOut(now: number): boolean {
    if (now - this.#halvedAt < halvingMs) return false;
    this.#halvedAt = now;
    const half = Math.max(1, Math.floor(Math.min(this.#limit, this.#peak) / 2));
    if (half >= this.#limit) return false;
    this.#lower(now, half);
    return true;
  }

  #lower(now: number, limit: number): void {
    this.#isOpening = false;
    this.#limit = limit;
    this.#ceiling = limit;
    this.#ceilingUntil = now + this.#caution;
    this.#answers = 0;
    this.#peak = 0;
  }
}
