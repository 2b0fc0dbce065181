/** This number of refusals shows a limit. */
const enough = 8;
/**
 * There is a limit only while less than this share of that number of requests at once is served.
 */
const servedShare = 0.2;
/** Milliseconds that the count covers, at least; at most twice as many. */
const span = 1_000;

/** Numbers of requests, by how many others were under way when they were sent. */
interface Counts {
  readonly served: number[];
  readonly refused: number[];
}

const none = (): Counts => ({ served: [], refused: [] });

/**
 * Distinguishes a limit of requests at once from one of requests per second. It is the first kind
 * if nearly all requests are refused that are sent beside a certain number of others, at any rate.
 */
export class RefusedAtOnce {
  #began = Number.NEGATIVE_INFINITY;
  #current = none();
  #previous = none();
  #tooMany = Number.POSITIVE_INFINITY;

  /** The number of others under way that is too large; infinite if there is no such limit. */
  get tooMany(): number {
    return this.#tooMany;
  }

  /** A request was served that was sent beside this number of others. */
  served(now: number, beside: number): void {
    this.#add(now, beside, "served");
  }

  /** A request was refused. Returns true if the others were the reason. */
  refused(now: number, beside: number): boolean {
    this.#add(now, beside, "refused");
    if (beside === 0) return false;
    if (beside >= this.#tooMany && this.#isDisproved) this.#tooMany = Number.POSITIVE_INFINITY;
    if (beside < this.#tooMany) this.#look();
    return beside >= this.#tooMany;
  }

  get #isDisproved(): boolean {
    const count = { served: 0, refused: 0 };
    for (let beside = this.#most; beside >= this.#tooMany; beside--) this.#count(beside, count);
    return count.served >= enough && count.served > count.refused;
  }

  #look(): void {
    const count = { served: 0, refused: 0 };
    for (let beside = this.#most; beside > 0; beside--) {
      const before = count.refused;
      this.#count(beside, count);
      if (before === count.refused || count.refused < enough) continue;
      if (count.served < servedShare * count.refused) this.#tooMany = Math.min(this.#tooMany, beside);
    }
  }

  get #most(): number {
    const { served, refused } = this.#current;
    return (
      Math.max(served.length, refused.length, this.#previous.served.length, this.#previous.refused.length) - 1
    );
  }

  #count(beside: number, to: { served: number; refused: number }): void {
    for (const { served, refused } of [this.#current, this.#previous]) {
      to.served += served[beside] ?? 0;
      to.refused += refused[beside] ?? 0;
    }
  }

  #add(now: number, beside: number, what: keyof Counts): void {
    if (now - this.#began >= span) {
      this.#previous = now - this.#began < 2 * span ? this.#current : none();
      this.#current = none();
      this.#began = now;
    }
    const counts = this.#current[what];
    counts[beside] = (counts[beside] ?? 0) + 1;
  }
}
