/**
 * Milliseconds without a request after a refusal; doubled while nothing is served, up to the
 * longest.
 */
const lengths = { refused: { first: 50, longest: 2_000 }, banned: { first: 1_000, longest: 10_000 } };
/** Milliseconds. A longer wait is an error of the server, or the source has to be paused. */
const longestWait = 600_000;
const never = Number.POSITIVE_INFINITY;

/**
 * After a refusal nothing is sent for a moment, then one request; only when it is served the others
 * go on. Times are monotonic milliseconds.
 */
export class Hold {
  readonly #random: () => number;
  #reason: "refused" | "banned" | undefined;
  #since = Number.NEGATIVE_INFINITY;
  #times = 0;
  #until = Number.NEGATIVE_INFINITY;
  #askedUntil = Number.NEGATIVE_INFINITY;
  /** When the one request was sent that must be served before others go on. */
  #probe: number | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  get isOn(): boolean {
    return this.#reason !== undefined;
  }

  /** Everything is refused for a while. */
  get isBan(): boolean {
    return this.#reason === "banned";
  }

  /** Milliseconds from now for which the source demands that nothing is sent. */
  askedWait(now: number): number {
    return this.isOn ? Math.max(0, this.#askedUntil - now) : 0;
  }

  /** Milliseconds until a request may start. 0: now. Infinite: when another was answered. */
  wait(now: number): number {
    if (now < this.#until) return this.#until - now;
    return this.isOn && this.#probe !== undefined ? never : 0;
  }

  sent(now: number): void {
    if (this.isOn) this.#probe = now;
  }

  isProbe(sentAt: number): boolean {
    return this.#probe === sentAt;
  }

  begin(reason: "refused" | "banned", now: number): void {
    this.#reason = reason;
    this.#since = now;
    this.#times = 0;
    this.#lengthen(now);
  }

  /** A request was refused. If the others waited for it, the next wait is longer. */
  refused(sentAt: number, now: number): void {
    if (this.isProbe(sentAt)) this.#lengthen(now);
    this.ended(sentAt);
  }

  /** Answers to requests from before the refusals say nothing about now. */
  served(sentAt: number): void {
    if (!this.isOn || sentAt < this.#since) return;
    this.#reason = undefined;
    this.#probe = undefined;
  }

  /** Neither served nor refused: broken, or cancelled. */
  ended(sentAt: number): void {
    if (this.isProbe(sentAt)) this.#probe = undefined;
  }

  /** The source asks for a wait of this number of milliseconds. It is kept up to 10 minutes. */
  obey(now: number, waitMs: number): void {
    if (waitMs <= 0) return;
    const ms = Math.min(waitMs, longestWait);
    this.#extend(now, ms, 0.1);
    this.#askedUntil = Math.max(this.#askedUntil, now + ms);
  }

  #lengthen(now: number): void {
    const { first, longest } = lengths[this.#reason ?? "refused"];
    this.#extend(now, Math.min(longest, first * 2 ** this.#times), 0.2);
    this.#times++;
  }

  /** A random part keeps the clients of one server from returning at the same time. */
  #extend(now: number, ms: number, chance: number): void {
    this.#until = Math.max(this.#until, now + ms * (1 + chance * this.#random()));
  }
}
