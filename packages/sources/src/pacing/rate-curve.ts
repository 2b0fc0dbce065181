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
/** Requests a second. */
const lowest = 0.1;
const lowestAtFirst = 3;
/** Milliseconds for which a rate that led to a ban is not tried again; what is allowed of it meanwhile. */
const banMemory = 600_000;
const shareAfterBan = 0.95;

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

  /** `served`: requests in the last second; `share`: of the requests since the last cut that were served; `waitMs`: asked for. */
  cut(now: number, { served, share, waitMs }: { served: number; share: number; waitMs: number }): void {
    const before = this.at(now);
    const phase = this.#phase;
    const rate =
      phase === "free"
        ? Math.max(lowestAtFirst, served)
        : Math.max(lowest, before * (phase === "seeking" ? afterSeeking : Math.min(1 - cutBy, share)));
    this.#phase = phase === "free" ? "seeking" : "known";
    this.#base = phase === "free" ? rate : rate / (1 - cutBy);
    this.#returnMs = Math.max(shortestReturn, (1000 * requestsUntilReturn) / rate, waitsUntilReturn * waitMs);
    this.#cutAt = now;
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
