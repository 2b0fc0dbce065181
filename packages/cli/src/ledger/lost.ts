import type { JobRecord, Location } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";

/**
 * Lost objects of a source that are looked at, at most. A whole disk may be lost, and the next run
 * fetches what was on it.
 */
const mostLooked = 1_000;

/**
 * Returns the objects that are lost for good: damaged or gone on disk, and gone at the source. A
 * complete job without filters did not list them, or a job found them vanished. At most a thousand.
 */
export async function lostForGood(
  ledger: Pick<LedgerClient, "where" | "failures" | "vanished">,
  job: JobRecord,
): Promise<Location[]> {
  if (job.state === "open" || job.state === "cancelled") return [];
  const lost = new Map<string, Location>();
  for await (const one of ledger.where({ prefix: job.prefix, source: job.source, lost: true })) {
    if (one.fingerprint === job.fingerprint) lost.set(one.key, one);
    if (lost.size === mostLooked) break;
  }
  if (lost.size === 0) return [];
  const vanished = await keysOf(ledger.vanished(job.id), lost);
  const failed = await keysOf(ledger.failures(job.id), lost);
  const listsAll = job.state === "complete" && Object.keys(job.filters).length === 0;
  return [...lost.values()].filter(({ key, lostAt = 0 }) => {
    if (vanished.has(key)) return true;
    const isBelow = job.prefix === "" || key.startsWith(`${job.prefix}/`);
    return listsAll && isBelow && lostAt < job.startedAt && !failed.has(key);
  });
}

/** Returns the keys of these misses that are among the lost. */
async function keysOf(
  misses: AsyncIterable<{ readonly key: string }>,
  lost: ReadonlyMap<string, unknown>,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const { key } of misses) if (lost.has(key)) keys.add(key);
  return keys;
}
