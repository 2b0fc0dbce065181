import type { ResultMessage } from "@brigade/core";

/**
 * Milliseconds that the clock of another host may be ahead of the clock of the ledger. A time
 * further ahead was made up, or is wrong.
 */
const mostAhead = 86_400_000;

/**
 * Returns the result with all times that are too far ahead replaced by now: the last stored state
 * of an object wins, and one of the next century would win for ever. `now`: Unix milliseconds.
 */
export function atMostNow(result: ResultMessage, now: number): ResultMessage {
  const at = plausibleTime(result.at, now);
  const isRight = at === result.at && result.pages.every(({ objects }) => objects.every(isPlausible(now)));
  if (isRight) return result;
  const pages = result.pages.map((page) => ({
    ...page,
    objects: page.objects.map((object) =>
      isPlausible(now)(object) ? object : { ...object, at: Math.floor(now / 1_000) },
    ),
  }));
  return { ...result, at, pages };
}

/** Unix milliseconds. */
export function plausibleTime(at: number, now: number): number {
  return at > now + mostAhead ? now : at;
}

/** `at` of an object: Unix seconds. */
function isPlausible(now: number): (object: { readonly at?: number | undefined }) => boolean {
  return ({ at }) => at === undefined || plausibleTime(at * 1_000, now) === at * 1_000;
}
