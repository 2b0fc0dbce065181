import { setTimeout as sleep } from "node:timers/promises";
import type { EmbeddedBroker } from "@brigade/broker";
import type { Catalogue, Progress } from "@brigade/ledger";

/** Milliseconds between looks at the accounts. */
const lookEvery = 250;
/** Looks in a row at which nothing moves, before a job that is not settled is called at rest. */
const quietLooks = 3;

/**
 * Resolves when every listed object has an outcome, or when nothing moves any more: no message is ready, delayed or
 * being handled, so that what is still open is a hole and waiting would be in vain. Rejects when the signal does.
 */
export async function finished(
  catalogue: Catalogue,
  broker: EmbeddedBroker,
  job: { readonly id: string; readonly source: string },
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  let quiet = 0;
  for (;;) {
    const progress = await catalogue.progress(job.id);
    onProgress(progress);
    const { ready, delayed, unacked } = await broker.busy(job.source);
    if (progress.settled && ready + delayed + unacked === 0) return;
    quiet = ready + delayed + unacked === 0 ? quiet + 1 : 0;
    if (quiet >= quietLooks) return;
    await sleep(lookEvery, undefined, { signal });
  }
}
