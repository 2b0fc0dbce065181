import type { Location, Proof, Status } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import { type AbsentVolume, absentVolumes } from "../job/absent-volumes.ts";
import { latestJob } from "../ledger/latest-job.ts";
import { lostForGood } from "../ledger/lost.ts";

/** What is shown of a job beyond its status. */
export interface JobFindings {
  /** Of jobs whose holes are to be named; `undefined` for others. */
  readonly proof?: Proof | undefined;
  /** Objects that are lost for good. */
  readonly lost: readonly Location[];
  /** Volumes with objects of its source that are on no host. */
  readonly absent: readonly AbsentVolume[];
}

/** How everything stands at one moment. `findings`: by job. */
export interface Look {
  readonly now: Status;
  readonly findings: ReadonlyMap<string, JobFindings>;
}

export async function look(ledger: LedgerClient, source: string | undefined): Promise<Look> {
  const all = await ledger.status();
  const now: Status =
    source === undefined ? all : { ...all, sources: all.sources.filter((one) => one.source === source) };
  const isKnown = source === undefined || now.sources.some(({ job }) => job !== undefined);
  // A job that waits for the broker to be opened is not known yet.
  if (!isKnown && now.brokerTrouble === undefined) await latestJob(ledger, source);
  return { now, findings: await findingsOf(ledger, now) };
}

/**
 * Finds for each job its holes, if it ended or came to rest with something that is not accounted
 * for (this reads all of its pages), and what is lost or absent.
 */
async function findingsOf(
  ledger: LedgerClient,
  { sources, volumes }: Status,
): Promise<Map<string, JobFindings>> {
  const findings = new Map<string, JobFindings>();
  const jobs = await ledger.jobs();
  for (const { job } of sources) {
    if (job === undefined) continue;
    const hasHoles = job.state === "incomplete" || (job.state === "open" && job.idle !== undefined);
    const brokeOff = job.state !== "cancelled" && job.progress.directories.failed > 0;
    const proof = hasHoles || brokeOff ? await ledger.proof(job.id) : undefined;
    const record = jobs.find(({ id }) => id === job.id);
    findings.set(job.id, {
      proof,
      lost: record === undefined ? [] : await lostForGood(ledger, record),
      absent: absentVolumes(volumes, job.source, job),
    });
  }
  return findings;
}
