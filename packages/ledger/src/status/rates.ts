import type { Rate } from "../wire/status.ts";

/** What is counted. It grows, unless objects are put back to work. */
export interface Counter {
  readonly objects: number;
  readonly bytes: number;
}

/** Milliseconds. */
const windowMs = 10_000;
const longestWindowMs = 60_000;
const coarseMs = 10_000;
/** Every second for 5 minutes, and every 10 seconds for 6 hours. */
const fineSamples = 300;
const coarseSamples = 2_160;

/**
 * How fast something goes, from its counters, which come about once per second. Its size is fixed.
 */
export class Rates {
  readonly #counters: (Counter & { readonly at: number })[] = [];
  readonly #fine: Rate[] = [];
  readonly #coarse: Rate[] = [];

  /** `at`: Unix milliseconds. */
  count(at: number, { objects, bytes }: Counter): void {
    this.#counters.push({ at, objects, bytes });
    while ((this.#counters[1]?.at ?? at) <= at - longestWindowMs) this.#counters.shift();
    const rate = { at, ...this.over(windowMs) };
    push(this.#fine, rate, fineSamples);
    if (at - (this.#coarse.at(-1)?.at ?? -Infinity) >= coarseMs) push(this.#coarse, rate, coarseSamples);
  }

  /** Per second, over the `ms` milliseconds before the last count. */
  over(ms: number): Counter {
    const last = this.#counters.at(-1);
    const first = this.#counters.findLast(({ at }) => at <= (last?.at ?? 0) - ms) ?? this.#counters[0];
    if (first === undefined || last === undefined || first.at >= last.at) return { objects: 0, bytes: 0 };
    const seconds = (last.at - first.at) / 1_000;
    return {
      objects: Math.max(0, rounded((last.objects - first.objects) / seconds)),
      bytes: Math.max(0, rounded((last.bytes - first.bytes) / seconds)),
    };
  }

  /** Oldest first: coarse ones, then fine ones. */
  samples(): Rate[] {
    const from = this.#fine[0]?.at ?? Infinity;
    return [...this.#coarse.filter(({ at }) => at < from), ...this.#fine];
  }
}

function push(ring: Rate[], rate: Rate, most: number): void {
  ring.push(rate);
  if (ring.length > most) ring.shift();
}

function rounded(perSecond: number): number {
  return Math.round(perSecond * 10) / 10;
}
