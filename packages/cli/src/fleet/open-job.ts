import { setTimeout as sleep } from "node:timers/promises";
import { type BrokerAdmin, settleMs } from "@brigade/broker";
import { ConfigError, FatalError, type Filters, type Job, type Source } from "@brigade/core";
import { JobOpenError, type LedgerClient } from "@brigade/ledger";
import { rootMessage } from "@brigade/lister";
import { newJobId } from "../copy/job.ts";
import { type Depths, describeDepths } from "./depths.ts";

export interface FleetJobRequest {
  readonly name: string;
  readonly source: Source;
  readonly prefix: string;
  readonly filters: Filters;
}

export interface OpenJobParts {
  readonly ledger: LedgerClient;
  readonly admin: BrokerAdmin;
  /** For people: why this takes a moment. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
  /** Milliseconds for new queues; by default what the broker says. */
  readonly settleMs?: number;
}

/**
 * Makes the queues, opens the job with the ledger, publishes its first message. Throws ConfigError while a job of the
 * source is open, or anything is left in its queues.
 */
export async function openFleetJob(request: FleetJobRequest, parts: OpenJobParts): Promise<Job> {
  const { name, source, prefix, filters } = request;
  const { ledger, admin, tell, signal } = parts;
  const open = await ledger.openJobOf(name);
  if (open !== undefined) throw stillOpen(`the job ${open.id} of "${name}" is still open`, name);
  const isNew = (await admin.declare(name)) === "made";
  if (isNew) {
    const ms = parts.settleMs ?? settleMs;
    tell(`the queues of "${name}" are new: waiting ${ms / 1000} s until they can be trusted with messages`);
    await sleep(ms, undefined, { signal });
  }
  await admin.takesMessages(name, signal);
  // No job is open, so what has come to new queues is of one that has ended: services published it as soon as they could.
  if (isNew) await admin.purge(name);
  const depths = await admin.depths(name);
  if (depths !== undefined) refuseLeftovers(name, depths);

  const startedAt = Date.now();
  const named = { id: newJobId(name, startedAt), source: name, fingerprint: source.fingerprint };
  const { first } = await openWith(ledger, { ...named, prefix, filters, startedAt });
  const job: Job = { ...named, prefix, ...(first && { first }) };
  try {
    await admin.publish([rootMessage(job, prefix, filters)]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FatalError(
      `the job ${job.id} is open, but its first message could not be published (${reason}): \`brigade cancel ${name}\`, then start again`,
      { cause: error },
    );
  }
  return job;
}

async function openWith(ledger: LedgerClient, job: Parameters<LedgerClient["openJob"]>[0]) {
  try {
    return await ledger.openJob(job);
  } catch (error) {
    if (!(error instanceof JobOpenError)) throw error;
    throw stillOpen(error.message, job.source, error);
  }
}

function stillOpen(what: string, name: string, cause?: unknown): ConfigError {
  return new ConfigError([`${what}: wait until it is closed, or \`brigade cancel ${name}\``], { cause });
}

/** Messages of an earlier job would be taken for this one's neighbours. */
function refuseLeftovers(name: string, depths: Depths): void {
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
