import { filtersSchema } from "@brigade/core";
import type { StoredJob } from "../tables/jobs.ts";
import type { JobRecord } from "../wire/jobs.ts";

/** Returns a job with its filters, or with the reason why they cannot be read. */
export function jobRecord(job: StoredJob): JobRecord {
  try {
    return { ...job, filters: filtersSchema.parse(JSON.parse(job.filters)) };
  } catch (error) {
    const unreadable = `its filters: ${error instanceof Error ? error.message : String(error)}`;
    return { unreadable, ...job, filters: {} };
  }
}
