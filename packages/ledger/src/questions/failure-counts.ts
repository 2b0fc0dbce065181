import { plus } from "@brigade/core";
import type { MissCursor } from "../tables/misses.ts";
import type { Amount } from "../wire/amounts.ts";
import type { FailureCount } from "../wire/failures.ts";
import type { Tally } from "./failures.ts";

const mostShown = 1_000;
/**
 * Names that are counted at a time. Beyond that the names with the fewest objects are dropped, so
 * that memory stays bounded.
 */
const mostCounted = 20_000;
const mostKept = 10_000;

/** Adds up the tallies of a job part by part. Most objects first. */
export async function countFailures(
  fetch: (after?: MissCursor) => Promise<Tally>,
): Promise<readonly FailureCount[]> {
  let counts = new Map<string, Amount>();
  let after: MissCursor | undefined;
  do {
    const tally = await fetch(after);
    for (const [name, { objects, bytes }] of tally.counts) {
      const amount = counts.get(name) ?? { objects: 0, bytes: 0 };
      counts.set(name, { objects: amount.objects + objects, bytes: plus(amount.bytes, bytes) });
    }
    if (counts.size > mostCounted) counts = new Map(most(counts, mostKept));
    after = tally.next;
  } while (after !== undefined);
  return most(counts, mostShown).map(([name, amount]) => ({ name, ...amount }));
}

function most(counts: ReadonlyMap<string, Amount>, n: number): [string, Amount][] {
  const byObjects = [...counts].toSorted(
    ([a, { objects: x }], [b, { objects: y }]) => y - x || (a < b ? -1 : 1),
  );
  return byObjects.slice(0, n);
}
