import type { ObjectResult, Outcome } from "@brigade/core";
import { plus } from "@brigade/core/thread";
import type { Misses } from "../tables/misses.ts";
import { again, codes, isCode, nameOf } from "../tables/outcome.ts";
import type { PageAccount } from "../tables/pages.ts";

/**
 * Enters what became of the objects of a page; the best outcome that was reported of an object
 * stays.
 */
export class Outcomes {
  readonly #misses: Misses;

  constructor(misses: Misses) {
    this.#misses = misses;
  }

  /** `volume`: its number, of a stored object. `at`: Unix milliseconds. */
  report(page: PageAccount, object: ObjectResult, volume: number | undefined, at: number): void {
    const { index, outcome, listedSize } = object;
    const code = codes[outcome];
    const had = page.outcomes[index] ?? 0;
    if (isCode(had) && had > code) return;
    const isMiss = outcome === "failed" || outcome === "vanished";
    if (had === code) {
      if (isMiss) addBytes(page, outcome, this.#misses.repeated(page, object, at));
      return;
    }
    this.#withdraw(page, index, had, listedSize);
    if (index >= page.outcomes.length) page.outcomes = grown(page.outcomes, index + 1);
    page.outcomes[index] = code;
    const bytes = outcome === "stored" ? (object.size ?? listedSize) : listedSize;
    page.counts[outcome]++;
    addBytes(page, outcome, bytes);
    if (isMiss) this.#misses.put(page, object, at);
    else if (page.position === undefined) page.sizes.set(index, listedSize);
    if (outcome === "stored" && volume !== undefined) {
      const amount = page.volumes.get(volume) ?? { objects: 0, bytes: 0 };
      page.volumes.set(volume, { objects: amount.objects + 1, bytes: plus(amount.bytes, bytes) });
    }
  }

  /**
   * What the page's own record calls unchanged. `bytes`: listed, of all objects that it calls so.
   */
  markUnchanged(page: PageAccount, bitmap: Uint8Array, bytes: number): void {
    const { counts, outcomes } = page;
    counts.unchanged_bytes = plus(counts.unchanged_bytes, bytes);
    for (let index = 0; index < outcomes.length; index++) {
      if (((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) === 0) continue;
      const code = outcomes[index] ?? 0;
      if (isCode(code) && code >= codes.unchanged) {
        counts.unchanged_bytes = plus(counts.unchanged_bytes, -(page.sizes.get(index) ?? 0));
        continue;
      }
      this.#withdraw(page, index, code, 0);
      outcomes[index] = codes.unchanged;
      counts.unchanged++;
    }
  }

  /**
   * Takes back an outcome because a better one is there. `listedSize`: of an unchanged object that
   * turns out stored.
   */
  #withdraw(page: PageAccount, index: number, code: number, listedSize: number): void {
    if (code === again) this.#misses.remove(page, index);
    if (!isCode(code)) return;
    const outcome = nameOf[code];
    const isMiss = outcome === "failed" || outcome === "vanished";
    page.counts[outcome]--;
    addBytes(page, outcome, -(isMiss ? this.#misses.remove(page, index) : listedSize));
  }
}

function addBytes({ counts }: PageAccount, outcome: Outcome, bytes: number): void {
  counts[`${outcome}_bytes`] = plus(counts[`${outcome}_bytes`], bytes);
}

/** The same outcomes, with room for `length` indexes at least. */
export function grown(outcomes: Uint8Array, length: number): Uint8Array {
  if (outcomes.length >= length) return outcomes;
  const longer = new Uint8Array(length);
  longer.set(outcomes);
  return longer;
}
