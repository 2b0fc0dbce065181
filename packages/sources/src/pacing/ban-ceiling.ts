import type { Lane } from "./lane.ts";
import { banMemory } from "./rates/rate-curve.ts";
import { nextAfter } from "./turns/clock.ts";
import type { Purpose } from "./turns/turn.ts";

/** The same, if the rate is known only from the requests that were served within about a second. */
const shareOfCount = 0.85;

/**
 * The rate of requests to one server at which it refused everything, without a word on our pace,
 * is not used again for a while. All kinds of requests that it refused led to that together, so
 * they share the rest.
 */
export class BanCeiling {
  readonly #now: () => number;
  readonly #kinds = new Set<Purpose>();
  #gapMs = 0;
  #until = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Everything is refused, also what was given before. Returns the requests per second that led to
   * it, if this is news. Nothing is stored if too little was served before for a rate, or if the
   * server itself has announced its ban.
   */
  found(lanes: readonly Lane[]): number | undefined {
    const refused = lanes.filter(({ rate }) => rate.isForbidden);
    const banned = lanes.filter(({ rate }) => rate.isBanned);
    const perSecond = refused.reduce((sum, { rate }) => sum + rate.servedBeforeForbidden, 0);
    if (perSecond === 0 || banned.some((lane) => !refused.includes(lane))) return undefined;
    for (const { purpose, rate } of refused) {
      this.#kinds.add(purpose);
      rate.foundBanned();
    }
    this.#gapMs = 1000 / (perSecond * shareOfCount);
    this.#until = this.#now() + banMemory;
    return banned.length === 0 ? perSecond : undefined;
  }

  /** No rate is stored. */
  get isUnset(): boolean {
    return this.#kinds.size === 0;
  }

  /** Milliseconds until a request of this kind may start. */
  wait(kind: Purpose): number {
    return this.#holds(kind) ? Math.max(0, this.#nextAt - this.#now()) : 0;
  }

  sent(kind: Purpose): void {
    if (this.#holds(kind)) this.#nextAt = nextAfter(this.#now(), this.#nextAt, this.#gapMs);
  }

  #holds(kind: Purpose): boolean {
    if (this.#kinds.size === 0) return false;
    if (this.#now() >= this.#until) this.#kinds.clear();
    return this.#kinds.has(kind);
  }
}
