import assert from "node:assert/strict";
import { RecordingBroker } from "../../../../test/recording-broker.ts";
import { type Catalogue, type FailureFilter, type RecordMessage, retryJob } from "../../src/index.ts";
import { job, newCatalogue } from "../set-up.ts";

/**
 * A catalogue with these records, whose job is closed if it is settled, and what publishes retries
 * of it.
 */
export async function prepared(messages: readonly RecordMessage[], { closed = true } = {}) {
  const made = await newCatalogue();
  const { catalogue } = made;
  await catalogue.recording.record(messages);
  if (closed) await catalogue.jobs.closeByProof(job.id);
  const broker = new RecordingBroker();
  return {
    ...made,
    broker,
    state: async () => (await catalogue.jobs.all())[0]?.state,
    async retry(filter: FailureFilter = {}, idle = true, sizes = {}) {
      broker.published.length = 0;
      return await retryJob(
        { catalogue, broker, idle, batchFiles: 64, batchBytes: 2 ** 26, ...sizes },
        job.id,
        filter,
      );
    },
  };
}

/** Where the job stands; counters and proof agree. */
export async function standing(catalogue: Catalogue) {
  const [proof, progress] = [await catalogue.questions.proof(job.id), await catalogue.jobs.progress(job.id)];
  for (const sum of ["listed", "stored", "unchanged", "vanished", "failed"] as const) {
    assert.deepEqual(progress[sum], proof[sum], sum);
  }
  return { proof, progress };
}
