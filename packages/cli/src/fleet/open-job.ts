import { ConfigError, FatalError, type Job } from "@brigade/core";
import { JobOpenError, type NewJob, type Queues } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import { firstMessage, type JobRequest, newJob } from "../job/new-job.ts";
import { describeDepths } from "../job/queue-depths.ts";
import { type MakeQueuesParts, makeQueues } from "./make-queues.ts";

export interface OpenJobParts extends MakeQueuesParts {
  readonly ledger: LedgerClient;
}

/**
 * Makes the queues, opens the job with the ledger, publishes its first message. Throws ConfigError
 * while a job of the source is open, or anything is left in its queues.
 */
export async function openFleetJob(request: JobRequest, parts: OpenJobParts): Promise<Job> {
  const { name } = request;
  const { ledger, admin } = parts;
  await refuseOpenJob(name, ledger);
  await prepareQueues(name, parts);
  const job = newJob(request);
  const { first } = await openWith(ledger, job);
  const message = firstMessage(job, first);
  try {
    await admin.publish([message]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FatalError(
      `the job ${job.id} is open, but its first message could not be published (${reason}): \`brigade cancel ${name}\`, then start again`,
      { cause: error },
    );
  }
  return message.job;
}

/** Throws ConfigError, with what to do, while a job of the source is open. */
export async function refuseOpenJob(name: string, ledger: Pick<LedgerClient, "openJobOf">): Promise<void> {
  const open = await ledger.openJobOf(name);
  if (open !== undefined) throw stillOpen(`the job ${open.id} of "${name}" is still open`, name);
}

/** Throws ConfigError if messages are left in the queues. */
async function prepareQueues(name: string, parts: OpenJobParts): Promise<void> {
  const { admin } = parts;
  const isNew = await makeQueues(name, parts);
  // No job is open. What has come to new queues is of a job that has ended: services published it
  // as soon as they could.
  if (isNew) await admin.purge(name);
  const depths = await admin.depths(name);
  if (depths !== undefined) refuseLeftovers(name, depths);
}

async function openWith(ledger: LedgerClient, job: NewJob) {
  try {
    return await ledger.openJob(job);
  } catch (error) {
    if (!(error instanceof JobOpenError)) throw error;
    throw stillOpen(error.message, job.source, error);
  }
}

function stillOpen(what: string, name: string, cause?: unknown): ConfigError {
  const remedy = `wait until it is closed, or \`brigade cancel ${name}\``;
  const goOn = `if the broker has lost its messages, \`brigade start ${name} --again\` goes on with it`;
  return new ConfigError([`${what}: ${remedy}; ${goOn}`], { cause });
}

/** Throws ConfigError: messages of an earlier job would be mixed with those of this one. */
function refuseLeftovers(name: string, depths: Queues): void {
  const { dead, ...others } = depths;
  const problems: string[] = [];
  const left = describeDepths(others);
  if (left !== undefined)
    problems.push(
      `messages are left in the queues of "${name}": ${left}; \`brigade cancel ${name}\` empties them`,
    );
  if (dead > 0)
    problems.push(
      `there are dead letters of "${name}": ${dead}; look at them with \`brigade dead-letters list ${name}\`, then replay or drop them`,
    );
  if (problems.length > 0) throw new ConfigError(problems);
}
