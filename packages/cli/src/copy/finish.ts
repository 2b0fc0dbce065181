import { setTimeout as sleep } from "node:timers/promises";
import type { EmbeddedBroker } from "@brigade/broker";
import type { Catalogue, Progress } from "@brigade/ledger";

/** Milliseconds between looks at the accounts, and while the last acknowledgements come in. */
const lookEvery = 250;
const lookEveryAtTheEnd = 10;
/** Looks in a row at which no message moves, before a job that is not settled counts as at rest. */
const quietLooks = 3;

/**
 * Resolves when every listed object has an outcome, or when no message is ready, delayed or being
 * handled any more: then what is open is a hole, and waiting would be in vain. Rejects with the
 * reason of `trouble`, or with an AbortError if it is interrupted.
 */
export async function finished(
  catalogue: Catalogue,
  broker: EmbeddedBroker,
  job: { readonly id: string; readonly source: string },
  onProgress: (progress: Progress) => void,
  { interrupted, trouble }: { readonly interrupted: AbortSignal; readonly trouble: AbortSignal },
): Promise<void> {
  const signal = AbortSignal.any([interrupted, trouble]);
  const settled = Promise.withResolvers<void>();
  const forget = catalogue.jobs.onCommit((all) => {
    if (all.some((progress) => progress.job === job.id && progress.settled)) settled.resolve();
  });
  try {
    for (let quiet = 0; quiet < quietLooks; ) {
      const progress = await catalogue.jobs.progress(job.id);
      onProgress(progress);
      const { ready, delayed, unacked } = await broker.busy(job.source);
      const atRest = ready + delayed + unacked === 0;
      if (progress.settled && atRest) return;
      quiet = atRest ? quiet + 1 : 0;
      if (progress.settled) await sleep(lookEveryAtTheEnd, undefined, { signal });
      else await Promise.race([sleep(lookEvery, undefined, { signal }), settled.promise]);
    }
  } catch (error) {
    throw trouble.aborted ? trouble.reason : error;
  } finally {
    forget();
  }
}
