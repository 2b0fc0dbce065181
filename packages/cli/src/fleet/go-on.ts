import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "@brigade/core";
import type { JobRecord, Retried } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import type { JobRequest } from "../job/new-job.ts";
import { formatCount } from "../terminal/units.ts";
import { type MakeQueuesParts, makeQueues } from "./make-queues.ts";

export interface GoOnParts extends MakeQueuesParts {
  readonly ledger: Pick<LedgerClient, "jobs" | "goOn">;
  /** Milliseconds between questions; default 2 s. */
  readonly askEveryMs?: number;
}

/** The job, and what of it was put back to work. */
export interface WentOn extends Retried {
  readonly job: JobRecord;
}

const nothing: Retried = { objects: 0, directories: 0 };

/**
 * Goes on with the latest job of a source whose messages the broker has lost: makes the queues
 * anew, waits until no service has anything of it in hand, and has what was lost put back to work.
 * If nothing is lost, it says so and changes nothing. Throws ConfigError if there is no job to go
 * on with.
 */
export async function goOnWithFleetJob(request: JobRequest, parts: GoOnParts): Promise<WentOn> {
  const { tell } = parts;
  const job = await jobToGoOnWith(request, parts.ledger);
  if (job.state === "complete") {
    tell(`the job ${job.id} is complete: nothing is missing`);
    return { job, ...nothing };
  }
  const brokerIsNew = await makeQueues(request.name, parts);
  const again = await askUntilAnswered(job, brokerIsNew, parts);
  if (again === undefined) return { job, ...nothing };
  const found = again.objects + again.directories;
  tell(
    found === 0
      ? `no message of the job ${job.id} is missing${job.state === "open" ? "" : `; what failed is tried again by \`brigade retry ${job.source}\``}`
      : `the job ${job.id} goes on: ${formatCount(again.directories)} directories are listed again or on, ${formatCount(again.objects)} objects are asked for again`,
  );
  return { job, ...again };
}

async function jobToGoOnWith(
  { name, source: { fingerprint } }: JobRequest,
  ledger: GoOnParts["ledger"],
): Promise<JobRecord> {
  const job = (await ledger.jobs()).findLast((one) => one.source === name);
  if (job === undefined || job.state === "cancelled") {
    const what = job === undefined ? `there is no job of "${name}"` : `the job ${job.id} was cancelled`;
    throw new ConfigError([`${what}: \`brigade start ${name}\` begins one`]);
  }
  if (job.unreadable !== undefined)
    throw new ConfigError([
      `the job ${job.id} cannot be read (${job.unreadable}): \`brigade cancel ${name}\`, then \`brigade start ${name}\``,
    ]);
  if (job.fingerprint === fingerprint) return job;
  throw new ConfigError([
    `the job ${job.id} was started with other settings of "${name}", which would bring other bytes: set them as they were, or \`brigade cancel ${name}\``,
  ]);
}

/** Returns `undefined` if the work goes on as it is. */
async function askUntilAnswered(
  { id }: JobRecord,
  brokerIsNew: boolean,
  { ledger, tell, signal, askEveryMs = 2_000 }: GoOnParts,
): Promise<Retried | undefined> {
  for (let told = ""; ; ) {
    const answer = await ledger.goOn(id, { brokerIsNew });
    if (!("waits" in answer)) return answer;
    const { waits, reason } = answer;
    if (waits === "busy" && !brokerIsNew) {
      tell(
        `the job ${id} is at work (${reason}): nothing was changed. If it stands still later, run this again`,
      );
      return undefined;
    }
    if (reason !== told) tell(`waiting: ${reason}`);
    told = reason;
    await sleep(askEveryMs, undefined, { signal });
  }
}
