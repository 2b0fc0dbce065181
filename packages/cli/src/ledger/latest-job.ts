import { ConfigError } from "@brigade/core";
import type { JobRecord } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";

/**
 * Returns the last job of a source; without a name, that of the only source. Throws ConfigError if
 * there is none, or if several sources have jobs.
 */
export async function latestJob(
  ledger: Pick<LedgerClient, "jobs">,
  source: string | undefined,
): Promise<JobRecord> {
  const jobs = await ledger.jobs();
  const sources = [...new Set(jobs.map((job) => job.source))];
  if (source === undefined && sources.length > 1) {
    throw new ConfigError([`the ledger has jobs of several sources, name one: ${sources.join(", ")}`]);
  }
  const job = jobs.findLast((one) => source === undefined || one.source === source);
  if (job !== undefined) return job;
  const which = source === undefined ? "no job" : `no job of "${source}"`;
  const known = sources.length === 0 ? "" : `; it has jobs of ${sources.join(", ")}`;
  throw new ConfigError([`the ledger has ${which}${known}`]);
}
