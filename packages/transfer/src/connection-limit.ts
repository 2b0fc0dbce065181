/** Milliseconds until one more connection is tried; doubles each time that it was one too many. */
const firstPatience = 10_000;
const longestPatience = 600_000;

/**
 * How many connections a server lets us have: fewer when it refuses some, one more now and then
 * after that.
 */
export class ConnectionLimit {
  readonly #most: number;
  readonly #now: () => number;
  #value: number;
  #patience = firstPatience;
  #changedAt = 0;
  #grown = false;

  /** `now`: milliseconds. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#value = most;
    this.#now = now;
  }

  get value(): number {
    if (this.#value < this.#most && this.#now() - this.#changedAt >= this.#patience) {
      this.#value += 1;
      this.#changedAt = this.#now();
      this.#grown = true;
    }
    return this.#value;
  }

  /** The server refused, while it served this number of connections. */
  lower(served: number): void {
    if (this.#grown) this.#patience = Math.min(longestPatience, this.#patience * 2);
    this.#grown = false;
    this.#value = Math.max(1, Math.min(this.#value, served));
    this.#changedAt = this.#now();
  }
}
