import { type Clock, nextAfter } from "../turns/clock.ts";
import { Hold } from "../turns/hold.ts";
import { RateCurve } from "./rate-curve.ts";
import { SteadyRefusals } from "./steady-refusals.ts";
import { Tally } from "./tally.ts";

/**
 * A 403 after this number of refusals in a row, by rate or right after them, is no object's own.
 */
const refusalsBeforeBan = 5;
/**
 * Requests per second. From this rate on, it counts as unused when less than a quarter of it is
 * sent.
 */
const measurable = 8;
/**
 * Others count as served for this number of milliseconds, or the time of this number of requests,
 * after a success.
 */
const servedFor = { ms: 2_000, requests: 4 };

/**
 * The rate of one kind of requests to one server, found from its refusals. If slowing down does not
 * help, the refusals are not from a limit, and the pace goes back up. Times are monotonic
 * milliseconds.
 */
export class RequestRate {
  readonly #now: () => number;
  readonly #onSteady: (share: number) => void;
  readonly #curve = new RateCurve();
  readonly #hold: Hold;
  readonly #sentLately = new Tally();
  readonly #servedLately = new Tally();
  readonly #steady = new SteadyRefusals();
  #refusedInRow = 0;
  #forbiddenInRow = 0;
  /** The most that was served per second before those. */
  #servedBeforeForbidden = 0;
  #servedAt = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** `onSteady`: this share of the requests is refused, at any rate. */
  constructor(
    { now, random }: Pick<Clock, "now" | "random">,
    onSteady: (refusedShare: number) => void = () => {},
  ) {
    this.#now = now;
    this.#hold = new Hold(random);
    this.#onSteady = onSteady;
  }

  /** Requests per second; infinite if nothing is known. */
  get perSecond(): number {
    return this.#curve.at(this.#now());
  }

  /** Nothing is known that limits it: requests start at once. */
  get isFree(): boolean {
    return this.#curve.isFree && !this.#hold.isOn && !this.#steady.areMany;
  }

  /** More requests are refused than single objects would explain. */
  get isLimited(): boolean {
    return !this.#curve.isFree || this.#steady.areMany;
  }

  /** Others were served just now. */
  get isServing(): boolean {
    const now = this.#now();
    const ofRequests = (1000 * servedFor.requests) / this.#curve.at(now);
    return now - this.#servedAt < Math.max(servedFor.ms, ofRequests);
  }

  /** After a refusal: a request must be served before others go on. */
  get isHeld(): boolean {
    return this.#hold.isOn;
  }

  /** Everything is refused for a while. */
  get isBanned(): boolean {
    return this.#hold.isBan;
  }

  /** The latest answers were 403s, with nothing served since. */
  get isForbidden(): boolean {
    return this.#forbiddenInRow > 0;
  }

  /**
   * The most requests per second that were served before those; 0 if they were too few for a rate.
   */
  get servedBeforeForbidden(): number {
    return this.isForbidden ? this.#servedBeforeForbidden : 0;
  }

  /** Milliseconds from now for which the source demands that nothing is sent. */
  get askedWait(): number {
    return this.#hold.askedWait(this.#now());
  }

  /** Milliseconds until a request may start. 0: now. Infinite: when another was answered. */
  wait(): number {
    if (this.#curve.isFree && !this.#hold.isOn) return 0;
    const now = this.#now();
    return Math.max(0, this.#nextAt - now, this.#hold.wait(now));
  }

  /** A request starts. Returns its time, which has to be passed with its outcome. */
  sent(): number {
    const now = this.#now();
    if (!this.#curve.isFree) {
      const rate = this.#curve.at(now);
      if (rate > measurable && this.#sentLately.count(now) < rate / 4)
        this.#curve.standStill(now - this.#sentAt);
      this.#nextAt = nextAfter(now, this.#nextAt, 1000 / rate);
    }
    this.#hold.sent(now);
    this.#sentAt = now;
    this.#sentLately.add(now);
    return now;
  }

  served(sentAt: number): void {
    this.#servedAt = this.#now();
    this.#servedLately.add(this.#servedAt);
    this.#steady.served();
    this.#refusedInRow = 0;
    this.#forbiddenInRow = 0;
    this.#curve.served(sentAt);
    this.#hold.served(sentAt);
  }

  /** Neither served nor refused: broken, or cancelled. */
  ended(sentAt: number): void {
    this.#hold.ended(sentAt);
  }

  /**
   * The source demands fewer requests, and none for a time (10 minutes at most). Returns true
   * if the rate was cut.
   */
  refused(sentAt: number, retryAfterMs = 0): boolean {
    const now = this.#now();
    this.#refusedInRow++;
    this.#curve.refused(sentAt);
    const mayBeBorne = this.#steady.areKnown || (this.#curve.isFree && retryAfterMs === 0);
    if (mayBeBorne && this.#steady.bears(this.#refusedInRow, now)) {
      this.#hold.ended(sentAt);
      return false;
    }
    const isCut = sentAt >= this.#curve.cutAt && !this.#hold.isOn;
    if (isCut) {
      this.#cut(now, retryAfterMs);
      this.#hold.begin("refused", now);
      this.#hold.ended(sentAt);
    } else this.#hold.refused(sentAt, now);
    this.#hold.obey(now, retryAfterMs);
    return isCut;
  }

  /**
   * The cuts were made for refusals that say nothing about the rate: it doubles again, from the
   * value that was served before.
   */
  restore(): void {
    if (this.#curve.isFree) return;
    this.#curve.restore(this.#now());
    this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * A 403 is the object's own, and then an answer like any other; right after refusals by rate it
   * may be a ban.
   */
  isBan(sentAt: number): boolean {
    if (this.isBanned || this.#refusedInRow >= refusalsBeforeBan) return true;
    if (!this.#hold.isOn) {
      if (!this.isForbidden)
        this.#servedBeforeForbidden = Math.round(this.#servedLately.fullest(this.#now()));
      this.#forbiddenInRow++;
      return false;
    }
    if (this.#hold.isProbe(sentAt)) {
      this.#refusedInRow++;
      this.#hold.refused(sentAt, this.#now());
    }
    return false;
  }

  /**
   * An answer says that everything is refused for a while. Returns the rate that led to it, if this
   * is news. A ban often comes when hardly anything is asked, for example after a pause, or because
   * of others: the fullest second counts, not the last.
   */
  banned(sentAt: number, retryAfterMs = 0): number | undefined {
    const now = this.#now();
    const isNews = !this.isBanned;
    const rate = this.#sentLately.fullest(now);
    if (isNews) {
      this.foundBanned();
      if (rate > 0) this.#curve.banned(now, rate);
      this.#hold.ended(sentAt);
    } else this.#hold.refused(sentAt, now);
    this.#hold.obey(now, retryAfterMs);
    return isNews && rate > 0 ? rate : undefined;
  }

  /**
   * Everything is refused for a while, by the finding of others. They also decide which rate is not
   * tried again.
   */
  foundBanned(): void {
    if (this.isBanned) return;
    const now = this.#now();
    this.#steady.forget();
    this.#curve.cut(now, this.#servedLately.count(now), 0);
    this.#hold.begin("banned", now);
  }

  /**
   * To be called after a cut, with the share of requests that is refused at any rate, where other
   * signs than the rate show it. Returns whether that takes back the cut. It does not where a limit
   * must be the reason.
   */
  accept(share: number | undefined): boolean {
    const now = this.#now();
    if (share === undefined || !this.#steady.mayBeReason(share, now)) return false;
    this.#learn(share, now);
    return true;
  }

  #cut(now: number, waitMs: number): void {
    const share = this.#curve.cut(now, this.#servedLately.count(now), waitMs);
    if (share !== undefined) this.#learn(share, now);
  }

  #learn(share: number, now: number): void {
    this.#steady.learn(share, now);
    this.#curve.restore(now);
    this.#onSteady(share);
  }
}
