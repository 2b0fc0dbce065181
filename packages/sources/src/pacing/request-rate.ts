import { RateCurve } from "./rate-curve.ts";
import { SteadyRefusals } from "./steady-refusals.ts";
import { Tally } from "./tally.ts";

/** Milliseconds without a request after a refusal; doubled while nothing is served, up to the longest. */
const holds = { refused: { first: 50, longest: 2_000 }, banned: { first: 1_000, longest: 10_000 } };
/** Milliseconds: a longer wait is asked for in error, or the source is to be paused, not waited for. */
const longestWait = 600_000;
/** Milliseconds by which requests may be late and still count as paced. */
const lateness = 20;
/** Requests that are taken as served beside those that are counted, so that one refusal is no flood. */
const takenAsServed = 5;
/** A 403 after so many refusals in a row, by rate or in their wake, is no object's own. */
const refusalsBeforeBan = 5;
/** Nor are so many in a row, where requests were refused by rate before. */
const forbiddenBeforeBan = 10;
/** Requests a second, from which on the rate counts as unused when less than a quarter of it is sent. */
const measurable = 8;

interface Chance {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** [0, 1). */
  readonly random: () => number;
}

/**
 * How fast requests of one kind may be sent to one server, learnt from what it refuses. After a refusal nothing is sent for a
 * moment, then one request; only when it is served the others go on.
 */
export class RequestRate {
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #curve = new RateCurve();
  readonly #sentLately = new Tally();
  readonly #servedLately = new Tally();
  readonly #steady = new SteadyRefusals();
  #served = 0;
  #refused = 0;
  #refusedInRow = 0;
  #forbiddenInRow = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;
  #heldUntil = Number.NEGATIVE_INFINITY;
  #askedUntil = Number.NEGATIVE_INFINITY;
  #refusingSince = Number.NEGATIVE_INFINITY;
  #state: "open" | "refused" | "banned" = "open";
  #holds = 0;
  /** When the one request was sent that is to be served before others go on. */
  #probe: number | undefined;

  constructor({ now, random }: Chance) {
    this.#now = now;
    this.#random = random;
  }

  /** Requests a second; infinite where nothing is known. */
  get perSecond(): number {
    return this.#curve.at(this.#now());
  }

  /** Requests were sent lately. */
  get isUsed(): boolean {
    return this.#sentLately.count(this.#now()) > 0;
  }

  /** Milliseconds for which the source asked us to begin nothing, from now on. */
  get askedWait(): number {
    return this.#state === "open" ? 0 : Math.max(0, this.#askedUntil - this.#now());
  }

  /** Milliseconds until a request may start. 0: now. Infinite: when another was answered. */
  wait(): number {
    if (this.#curve.isFree && this.#state === "open") return 0;
    const now = this.#now();
    const until = Math.max(this.#nextAt, this.#heldUntil);
    if (now < until) return until - now;
    return this.#state !== "open" && this.#probe !== undefined ? Number.POSITIVE_INFINITY : 0;
  }

  /** A request starts. Gives its time, which is to be told with what became of it. */
  sent(): number {
    const now = this.#now();
    if (!this.#curve.isFree) {
      const rate = this.#curve.at(now);
      if (rate > measurable && this.#sentLately.count(now) < rate / 4)
        this.#curve.standStill(now - this.#sentAt);
      this.#nextAt = Math.max(this.#nextAt, now - lateness) + 1000 / rate;
    }
    if (this.#state !== "open") this.#probe = now;
    this.#sentAt = now;
    this.#sentLately.add(now);
    return now;
  }

  served(sentAt: number): void {
    this.#servedLately.add(this.#now());
    this.#steady.served();
    this.#refusedInRow = 0;
    this.#forbiddenInRow = 0;
    if (sentAt >= this.#curve.cutAt) this.#served++;
    // What was sent before the source began to refuse says nothing of now.
    if (this.#state === "open" || sentAt < this.#refusingSince) return;
    this.#state = "open";
    this.#holds = 0;
    this.#probe = undefined;
  }

  /** Neither served nor refused: broken, or cancelled. */
  ended(sentAt: number): void {
    if (this.#probe === sentAt) this.#probe = undefined;
  }

  /** The source asks to slow down, and to begin nothing for so long (10 minutes at most). True when the rate was cut. */
  refused(sentAt: number, retryAfterMs = 0): boolean {
    const now = this.#now();
    const waitMs = Math.min(retryAfterMs, longestWait);
    this.#refusedInRow++;
    if (this.#curve.isFree && waitMs === 0 && this.#steady.bears(this.#refusedInRow)) return false;
    const isOfNow = sentAt >= this.#curve.cutAt;
    if (isOfNow) this.#refused++;
    const isCut = this.#state === "open" && isOfNow;
    if (isCut) {
      this.#cut(now, waitMs);
      this.#begin("refused", now);
    } else if (this.#probe === sentAt) this.#hold(now);
    this.ended(sentAt);
    this.#obey(now, waitMs);
    return isCut;
  }

  /** A 403: the object's own, which is an answer like any other; or in the wake of refusals by rate, where it may be a ban. */
  isBan(sentAt: number): boolean {
    if (this.#state === "banned" || this.#refusedInRow >= refusalsBeforeBan) return true;
    if (this.#state === "open") {
      this.#forbiddenInRow++;
      return !this.#curve.isFree && this.#forbiddenInRow >= forbiddenBeforeBan;
    }
    if (this.#probe === sentAt) {
      this.#refusedInRow++;
      this.#hold(this.#now());
      this.ended(sentAt);
    }
    return false;
  }

  /** Everything is refused for a while. Gives the rate that led to it, where this is news. */
  banned(sentAt: number, retryAfterMs = 0): number | undefined {
    const now = this.#now();
    const isNews = this.#state !== "banned";
    const rate = Math.max(this.#sentLately.count(now), this.#curve.isFree ? 0 : this.#curve.at(now));
    if (isNews) {
      this.#cut(now, 0);
      this.#curve.banned(now, rate);
      this.#begin("banned", now);
    } else if (this.#probe === sentAt) this.#hold(now);
    this.ended(sentAt);
    this.#obey(now, Math.min(retryAfterMs, longestWait));
    return isNews ? rate : undefined;
  }

  #cut(now: number, waitMs: number): void {
    const share = (this.#served + takenAsServed) / (this.#served + this.#refused + takenAsServed);
    this.#curve.cut(now, { served: this.#servedLately.count(now), share, waitMs });
    this.#served = 0;
    this.#refused = 0;
  }

  #begin(state: "refused" | "banned", now: number): void {
    this.#state = state;
    this.#refusingSince = now;
    this.#holds = 0;
    this.#hold(now);
  }

  #hold(now: number): void {
    const { first, longest } = holds[this.#state === "banned" ? "banned" : "refused"];
    this.#holdUntil(now, Math.min(longest, first * 2 ** this.#holds), 0.2);
    this.#holds++;
  }

  #obey(now: number, waitMs: number): void {
    if (waitMs <= 0) return;
    this.#holdUntil(now, waitMs, 0.1);
    this.#askedUntil = Math.max(this.#askedUntil, now + waitMs);
  }

  /** Chance keeps the clients of one server from coming back together. */
  #holdUntil(now: number, ms: number, chance: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, now + ms * (1 + chance * this.#random()));
  }
}
