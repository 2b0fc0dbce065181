import { Fall } from "../refusals/fall.ts";

/** Milliseconds for which what led to a ban is not tried again; what is sent of it meanwhile. */
export const banMemory = 600_000;
const shareAfterBan = 0.95;

/** A refusal takes at least this share of the rate, and the curve is as flat as that around its middle. */
const cutBy = 0.07;
/** Milliseconds from a cut until the rate is again what it was: at least this many, and as many as these requests take. */
const shortestReturn = 8_000;
const requestsUntilReturn = 50;
/** A return takes this many times as long as the source asked us to wait: waiting costs a few per cent. */
const waitsUntilReturn = 25;
/** After so many returns, or doublings, without a refusal there is no limit any more. */
const returnsUntilFree = 8;
const doublingsUntilFree = 10;
/** While seeking, the rate doubles in this many milliseconds at least, and in as many as these requests take. */
const shortestDoubling = 1_000;
const requestsUntilDouble = 10;
/** Seeking ends between a rate that was served and twice that. */
const afterSeeking = 0.7;
/** Requests that are taken as served beside those that are counted, so that one refusal is no flood. */
const takenAsServed = 5;
/** Requests a second. */
const lowest = 0.1;
const lowestAtFirst = 3;

const free = Number.POSITIVE_INFINITY;

/**
 * A rate over time, requests a second. It is free until the first refusal; then it doubles from what was served until the next one;
 * then it follows a cubic curve from each refusal: back to where it was refused soon, around that for long, beyond it ever faster.
 * Times are monotonic milliseconds.
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

  /** Requests that were sent before this time say nothing of the rate as it is now. */
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
   * `servedLately`: in the last second. `waitMs`: that the source asks us to wait. Gives the share of requests that is refused at
   * any rate, once that has shown.
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

  /** What a cut leaves of the rate. */
  get #part(): number {
    if (this.#phase === "seeking") return afterSeeking;
    const served = this.#served + takenAsServed;
    return Math.min(1 - cutBy, served / (served + this.#refused));
  }

  /** It doubles again, from what was served before it fell. */
  restore(now: number): void {
    this.#phase = "seeking";
    this.#base = Math.max(lowestAtFirst, this.#fall.mostServed);
    this.#cutAt = now;
    this.#fall.begin(this.#base);
  }

  /** The curve stands still for so long: a rate that is not used proves nothing. */
  standStill(ms: number): void {
    this.#cutAt += ms;
  }

  /** `rate` led to a ban. */
  banned(now: number, rate: number): void {
    this.#ceiling = Math.max(lowest, rate * shareAfterBan);
    this.#ceilingUntil = now + banMemory;
  }
}
