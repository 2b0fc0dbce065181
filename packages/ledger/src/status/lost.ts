import type { JobStatus, SourceStatus } from "../wire/status.ts";

/** Milliseconds of rest after which every service has said what it holds. */
const surelySaid = 20_000;

/**
 * Whether the broker has lost messages of an open job. `missing`: queues that are not there.
 * `isHeld`: a service says that it holds messages, or that some wait; `undefined` if a service does
 * not say.
 */
export function lostOf(
  job: JobStatus | undefined,
  missing: readonly string[],
  isHeld: boolean | undefined,
  at: number,
): SourceStatus["lost"] {
  if (job?.state !== "open") return undefined;
  if (missing.length > 0) return { missing: [...missing] };
  const isAtRest = job.idle !== undefined && at - job.idle.since >= surelySaid;
  return isAtRest && isHeld === false ? { missing: [] } : undefined;
}
