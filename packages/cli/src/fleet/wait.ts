import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, HostError, type Log } from "@brigade/core";
import type { JobStanding, LedgerClient } from "@brigade/ledger";
import type { ProgressView } from "../copy/progress.ts";
import { exitCodeOfRun, type RunReport } from "../copy/report.ts";
import { absentThere } from "./absent-there.ts";

export interface WaitParts {
  readonly ledger: LedgerClient;
  readonly view: ProgressView;
  readonly log: Log;
  /** Ends the waiting, not the job. */
  readonly signal: AbortSignal;
  /** Milliseconds between looks; default 1 s. */
  readonly everyMs?: number;
}

/** Follows a job until it is closed; a ledger that is away is waited for. Throws FatalError when it was cancelled. */
export async function waitForJob(id: string, parts: WaitParts): Promise<RunReport> {
  const { ledger, signal } = parts;
  const job = await closed(id, parts);
  if (job.state === "cancelled") throw new FatalError(`the job ${id} was cancelled`);
  const proof = await ledger.proof(id);
  const absent = await absentThere(ledger, job, signal);
  return {
    job: id,
    source: job.source,
    resumed: false,
    seconds: Math.max(1, (job.closedAt ?? job.startedAt) - job.startedAt) / 1000,
    proof,
    volumes: job.progress.volumes.map(({ volume, host, objects, bytes }) => {
      return { id: volume, label: host, root: volume, objects, bytes };
    }),
    absent,
    exitCode: exitCodeOfRun(proof, absent),
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
