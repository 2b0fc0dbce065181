import { nextAfter } from "../clock.ts";
import type { Lane } from "../lane.ts";
import { banMemory } from "../rates/rate-curve.ts";
import type { Purpose } from "../turn.ts";

/** The same, where the rate is not known but from a count of what was served within about a second. */
const shareOfCount = 0.85;

/**
 * What one server was asked until it refused everything, without a word of our pace, is not asked of it again for a while. All
 * kinds of requests that it refused led to that together, so they share what is left.
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
   * Everything is refused, also what was given before. Gives the requests a second that led to it, where this is news. Nothing is
   * learnt where too little was served before to speak of a rate, or where the server itself has told of its ban.
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
