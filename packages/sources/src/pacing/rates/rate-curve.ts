import { Fall } from "./fall.ts";

/**
 * Milliseconds for which a rate that led to a ban is not tried again; the share of it that is used
 * meanwhile.
 */
export const banMemory = 600_000;
const shareAfterBan = 0.95;

/**
 * A refusal takes at least this share of the rate, and the curve is as flat as that around its
 * middle.
 */
const cutBy = 0.07;
/**
 * Milliseconds from a cut until the rate is back: at least this many, and as many as this number of
 * requests takes.
 */
const shortestReturn = 8_000;
const requestsUntilReturn = 50;
/**
 * A return takes this many times as long as the source asked us to wait: waiting costs a few per
 * cent.
 */
const waitsUntilReturn = 25;
/** After this number of returns, or doublings, without a refusal the rate is free. */
const returnsUntilFree = 8;
const doublingsUntilFree = 10;
/**
 * While seeking, the rate doubles in this many milliseconds at least, and in as many as these
 * requests take.
 */
const shortestDoubling = 1_000;
const requestsUntilDouble = 10;
/** Seeking ends between a rate that was served and twice that. */
const afterSeeking = 0.7;
/** Requests that are added to the served ones, so that one refusal counts little. */
const takenAsServed = 5;
/** Requests a second. */
const lowest = 0.1;
const lowestAtFirst = 3;

const free = Number.POSITIVE_INFINITY;

/**
 * A rate over time, in requests per second. It is free until the first refusal. Then it doubles
 * from the served rate until the next one. Then it follows a cubic curve from each refusal: soon
 * back to where it was refused, around that value for long, beyond it ever faster. Times are
 * monotonic milliseconds.
 */
export class RateCurve {
  #phase: "free" | "seeking" | "known" = "free";
  /** While seeking: the rate that it began with. Then: the rate at which the curve is flat. */
  #base = free;
  #cutAt = Number.NEGATIVE_INFINITY;
  #returnMs = shortestReturn;
  /** Requests since the last cut. */
  #served = 0;
  #refused = 0;
  readonly #fall = new Fall();
  #ceiling = free;
  #ceilingUntil = Number.NEGATIVE_INFINITY;

  get isFree(): boolean {
    return this.#phase === "free";
  }

  /** Requests that were sent before this time say nothing about the present rate. */
  get cutAt(): number {
    return this.#cutAt;
  }

  at(now: number): number {
    if (this.#phase === "free") return free;
    const ceiling = now < this.#ceilingUntil ? this.#ceiling : free;
    const elapsed = Math.max(0, now - this.#cutAt);
    if (this.#phase === "seeking") {
      const doublings = elapsed / Math.max(shortestDoubling, (1000 * requestsUntilDouble) / this.#base);
      return doublings < doublingsUntilFree
        ? Math.min(ceiling, this.#base * 2 ** doublings)
        : this.#release(ceiling);
    }
    const returns = elapsed / this.#returnMs;
    return returns < returnsUntilFree
      ? Math.min(ceiling, this.#base * (1 + cutBy * (returns - 1) ** 3))
      : this.#release(ceiling);
  }

  #release(ceiling: number): number {
    if (ceiling === free) this.#phase = "free";
    return ceiling;
  }

  served(sentAt: number): void {
    if (sentAt >= this.#cutAt) this.#served++;
  }

  refused(sentAt: number): void {
    if (sentAt >= this.#cutAt) this.#refused++;
  }

  /**
   * `servedLately`: in the last second. `waitMs`: the wait that the source asks for. Returns the
   * share of requests that is refused at any rate, when it is known.
   */
  cut(now: number, servedLately: number, waitMs: number): number | undefined {
    const before = this.at(now);
    const isFirst = this.#phase === "free";
    const steadyShare = this.#follow(now, before, servedLately);
    const rate = isFirst ? Math.max(lowestAtFirst, servedLately) : Math.max(lowest, before * this.#part);
    this.#phase = isFirst ? "seeking" : "known";
    this.#base = isFirst ? rate : rate / (1 - cutBy);
    this.#returnMs = Math.max(shortestReturn, (1000 * requestsUntilReturn) / rate, waitsUntilReturn * waitMs);
    this.#cutAt = now;
    this.#served = 0;
    this.#refused = 0;
    return steadyShare;
  }

  #follow(now: number, rate: number, servedLately: number): number | undefined {
    const isBack = this.isFree || now - this.#cutAt >= this.#returnMs;
    if (!isBack) return this.#fall.goOn(rate, this.#served, this.#refused, servedLately);
    this.#fall.begin(servedLately);
    return undefined;
  }

  /** The share of the rate that a cut leaves. */
  get #part(): number {
    if (this.#phase === "seeking") return afterSeeking;
    const served = this.#served + takenAsServed;
    return Math.min(1 - cutBy, served / (served + this.#refused));
  }

  /** The rate doubles again, from the value that was served before it fell. */
  restore(now: number): void {
    this.#phase = "seeking";
    this.#base = Math.max(lowestAtFirst, this.#fall.mostServed);
    this.#cutAt = now;
    this.#fall.begin(this.#base);
  }

  /** Stops the curve for this number of milliseconds: a rate that is not used proves nothing. */
  standStill(ms: number): void {
    this.#cutAt += ms;
  }

  /** `rate` led to a ban. */
  banned(now: number, rate: number): void {
    this.#ceiling = Math.max(lowest, rate * shareAfterBan);
    this.#ceilingUntil = now + banMemory;
  }
}
