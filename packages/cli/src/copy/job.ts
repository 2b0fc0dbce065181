import { isDeepStrictEqual } from "node:util";
import type { EmbeddedBroker } from "@brigade/broker";
import { ConfigError } from "@brigade/core";
import type { Catalogue, JobRecord, NewJob } from "@brigade/ledger";
import { firstMessage, type JobRequest, newJob } from "../job/new-job.ts";

export interface OpenedJob {
  readonly id: string;
  /** An earlier run has begun it. */
  readonly resumed: boolean;
}

/**
 * Goes on with the unfinished job of this source, or opens one. `restart`: an unfinished job is
 * cancelled instead. Throws ConfigError if the unfinished job has other settings.
 */
export async function openJob(
  catalogue: Catalogue,
  broker: EmbeddedBroker,
  request: JobRequest & { readonly restart: boolean },
): Promise<OpenedJob> {
  const { name } = request;
  const unfinished = await catalogue.jobs.openOf(name);
  if (unfinished !== undefined && !request.restart) {
    refuseOther(unfinished, request);
    await seed(broker, catalogue, unfinished);
    return { id: unfinished.id, resumed: true };
  }
  if (unfinished !== undefined) {
    await broker.purge(name);
    await catalogue.jobs.close(unfinished.id, "cancelled");
  }
  const job = newJob(request);
  await catalogue.jobs.open(job);
  await seed(broker, catalogue, job);
  return { id: job.id, resumed: false };
}

function refuseOther(unfinished: JobRecord, { name, source, prefix, filters }: JobRequest): void {
  if (unfinished.unreadable !== undefined)
    throw new ConfigError([
      `the unfinished run of "${name}" cannot be read (${unfinished.unreadable}): forget it with --restart`,
    ]);
  const isSame =
    unfinished.fingerprint === source.fingerprint &&
    unfinished.prefix === prefix &&
    isDeepStrictEqual(unfinished.filters, filters);
  if (isSame) return;
  throw new ConfigError([
    `an unfinished run of "${name}" has other settings (prefix "${unfinished.prefix}", filters ${JSON.stringify(unfinished.filters)}, or another domain or version): finish it with those, or forget it with --restart`,
  ]);
}

/**
 * Publishes the job's first message, unless that was done: a crash between opening a job and this
 * leaves a job with nothing to do.
 */
async function seed(broker: EmbeddedBroker, catalogue: Catalogue, job: NewJob): Promise<void> {
  const { ready, delayed, unacked } = await broker.busy(job.source);
  if (ready + delayed + unacked > 0) return;
  const { pages } = await catalogue.jobs.progress(job.id);
  if (pages === 0) await broker.publish([firstMessage(job)]);
}
