import type { EmbeddedBroker } from "@brigade/broker";
import { type Catalogue, type FailureFilter, type JobRecord, type Retried, retryJob } from "@brigade/ledger";
import type { Settings } from "../settings/settings.ts";

/**
 * Puts what failed of a copy's job into its own queues, and, if no message is under way, also what
 * the job has no account of.
 */
export async function retryCopy(
  catalogue: Catalogue,
  broker: EmbeddedBroker,
  { BATCH_FILES: batchFiles, BATCH_BYTES: batchBytes }: Settings,
  job: JobRecord,
  filter: FailureFilter,
): Promise<Retried> {
  const { ready, delayed, unacked } = await broker.busy(job.source);
  const idle = ready + delayed + unacked === 0;
  return await retryJob({ catalogue, broker, idle, batchFiles, batchBytes }, job.id, filter);
}
