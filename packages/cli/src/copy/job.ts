import { isDeepStrictEqual } from "node:util";
import type { EmbeddedBroker } from "@brigade/broker";
import { ConfigError, type Filters, type Job, type Source } from "@brigade/core";
import type { Catalogue } from "@brigade/ledger";
import { rootMessage } from "@brigade/lister";

export interface JobRequest {
  readonly name: string;
  readonly source: Source;
  readonly prefix: string;
  readonly filters: Filters;
  /** Forget an unfinished run instead of going on with it. */
  readonly restart: boolean;
}

export interface OpenedJob {
  readonly job: Job;
  readonly resumed: boolean;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

/** Goes on with the unfinished job of this source, or opens one. Throws ConfigError when the unfinished one is another. */
export async function openJob(
  catalogue: Catalogue,
  broker: EmbeddedBroker,
  request: JobRequest,
): Promise<OpenedJob> {
  const { name, source, prefix, filters } = request;
  const unfinished = await catalogue.jobs.openOf(name);
  if (unfinished !== undefined && request.restart) {
    await broker.purge(name);
    await catalogue.jobs.close(unfinished.id, "cancelled");
  } else if (unfinished?.unreadable !== undefined) {
    throw new ConfigError([
      `the unfinished run of "${name}" cannot be read (${unfinished.unreadable}): forget it with --restart`,
    ]);
  } else if (unfinished !== undefined) {
    const same =
      unfinished.fingerprint === source.fingerprint &&
      unfinished.prefix === prefix &&
      isDeepStrictEqual(unfinished.filters, filters);
    if (!same) {
      throw new ConfigError([
        `an unfinished run of "${name}" has other settings (prefix "${unfinished.prefix}", filters ${JSON.stringify(unfinished.filters)}, or another domain or version): finish it with those, or forget it with --restart`,
      ]);
    }
    const job = { id: unfinished.id, source: name, fingerprint: source.fingerprint, prefix };
    await seed(broker, catalogue, job, prefix, filters);
    return { job, resumed: true, startedAt: unfinished.startedAt };
  }
  const startedAt = Date.now();
  const id = newJobId(name, startedAt);
  const job: Job = { id, source: name, fingerprint: source.fingerprint, prefix };
  await catalogue.jobs.open({ ...job, prefix, filters, startedAt });
  await seed(broker, catalogue, job, prefix, filters);
  return { job, resumed: false, startedAt };
}

/** Publishes the root, unless it was: a crash between opening a job and this leaves a job with nothing to do. */
async function seed(
  broker: EmbeddedBroker,
  catalogue: Catalogue,
  job: Job,
  prefix: string,
  filters: Filters,
): Promise<void> {
  const { ready, delayed, unacked } = await broker.busy(job.source);
  if (ready + delayed + unacked > 0) return;
  const { pages } = await catalogue.jobs.progress(job.id);
  if (pages === 0) await broker.publish([rootMessage(job, prefix, filters)]);
}

export function newJobId(name: string, startedAt: number): string {
  const stamp = new Date(startedAt).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `${name}-${stamp}-${crypto.randomUUID().slice(0, 8)}`;
}
