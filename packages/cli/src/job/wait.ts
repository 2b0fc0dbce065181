import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, HostError, type Log } from "@brigade/core";
import type { JobStanding, Status, VolumeStatus } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import { absentVolumes, hasPart } from "./absent-volumes.ts";
import type { ProgressView } from "./progress.ts";
import { exitCodeOfJob, type JobReport, type VolumeShare } from "./report.ts";

/** Milliseconds after a job's end within which every service has spoken, or counts as gone. */
const surelySaidMs = 40_000;
/** Milliseconds between two looks at the volumes. */
const lookEveryMs = 500;

export interface WaitParts {
  readonly ledger: LedgerClient;
  readonly view: ProgressView;
  readonly log: Log;
  /** Ends the waiting, not the job. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks at the job; default 1 s. */
  readonly everyMs?: number;
}

/**
 * Follows a job until it is closed. While the ledger does not answer, it is asked again. Throws
 * FatalError if the job was cancelled.
 */
export async function waitForJob(id: string, parts: WaitParts): Promise<JobReport> {
  const { ledger, signal } = parts;
  const job = await closed(id, parts);
  if (job.state === "cancelled") throw new FatalError(`the job ${id} was cancelled`);
  const proof = await ledger.proof(id);
  const volumes = await volumesAfter(ledger, job, signal);
  const absent = absentVolumes(volumes, job.source, job);
  return {
    job: id,
    source: job.source,
    seconds: Math.max(1, (job.closedAt ?? job.startedAt) - job.startedAt) / 1000,
    proof,
    volumes: sharesOf(job, volumes),
    absent,
    exitCode: exitCodeOfJob(proof, absent),
  };
}

async function closed(
  id: string,
  { ledger, view, log, signal, everyMs = 1_000 }: WaitParts,
): Promise<JobStanding> {
  let away = false;
  for (;;) {
    try {
      const job = await ledger.job(id);
      if (away) log.info({}, "the ledger answers again");
      away = false;
      view.show(job.progress, []);
      if (job.state !== "open") return job;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (!away)
        log.warn({ reason: error.message }, "the ledger does not answer; the job goes on without it");
      away = true;
    }
    await sleep(everyMs, undefined, { signal });
  }
}

/**
 * Returns all volumes, once the hosts of those with objects of the job's source have looked at
 * their disks after the job's end.
 */
async function volumesAfter(
  ledger: Pick<LedgerClient, "status">,
  job: JobStanding,
  signal: AbortSignal,
): Promise<readonly VolumeStatus[]> {
  for (;;) {
    const status = await ledger.status();
    if (isReported(status, job)) return status.volumes;
    await sleep(lookEveryMs, undefined, { signal });
  }
}

function isReported({ at, services, sources, volumes }: Status, job: JobStanding): boolean {
  const { source, closedAt = 0 } = job;
  const isFleet = services.length > 0 || sources.some(({ queues }) => queues !== undefined);
  if (!isFleet || at > closedAt + surelySaidMs) return true;
  return volumes
    .filter((volume) => hasPart(volume, job) && volume.sources.some((lying) => lying.source === source))
    .every(({ gone, lookedAt = 0 }) => gone !== undefined || lookedAt > closedAt);
}

function sharesOf({ progress }: JobStanding, volumes: readonly VolumeStatus[]): VolumeShare[] {
  return progress.volumes.map(({ volume: id, host, objects, bytes }) => {
    const { label = id, root } = volumes.find(({ volume }) => volume === id) ?? {};
    return { id, label, host, ...(root !== undefined && { root }), objects, bytes };
  });
}
