import { setTimeout as sleep } from "node:timers/promises";
import { type Broker, HostError, type Log, type QueueKind } from "@brigade/core";
import type { Catalogue } from "@brigade/ledger";
import type { Holders } from "./holders.ts";

export interface StalledParts {
  readonly source: string;
  readonly catalogue: Catalogue;
  readonly broker: Broker;
  /** Whether the broker takes messages now: while it does not, nothing can be told of a job. */
  readonly takesMessages: () => Promise<boolean>;
  readonly holders: Holders;
  /** Messages in the wait queues, where the broker tells; rejects with HostError where it does not now. */
  readonly waiting?: (() => Promise<number>) | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly limitMs: number;
}

const queues: readonly QueueKind[] = ["directories", "files", "retry", "wait", "records"];
/** Milliseconds between looks, at most. */
const lookEvery = 5_000;
/** Milliseconds: a service speaks every 5 seconds, so progress of less than three words is not missed. */
const shortestHold = 15_000;
/** Messages that seem to wait keep a job open for so many times the limit, and so many milliseconds at least: they may be lost. */
const waitingLimits = 10;
const waitingAtLeast = 3_600_000;

/**
 * Closes the open job of a source when nothing of it is queued, nobody shows progress with what he holds, and nothing has been
 * told of it for long: a message was lost with all that it would have led to, and nobody will bring it. While the catalogue's
 * disk fails, it looks again later. Until the signal.
 */
export async function closeStalled(parts: StalledParts): Promise<void> {
  while (!parts.signal.aborted) {
    try {
      await watch(parts);
    } catch (error) {
      if (!(error instanceof HostError)) throw error; // of this, whoever opened the catalogue is told
    }
  }
}

async function watch(parts: StalledParts): Promise<void> {
  const { source, catalogue, holders, log, signal, limitMs } = parts;
  const every = Math.min(lookEvery, Math.ceil(limitMs / 4));
  let standing = "";
  let since = performance.now();
  let lookedAt = performance.now();
  while (!signal.aborted) {
    await sleep(every, undefined, { signal }).catch(() => undefined); // ends the loop
    const takes = await parts.takesMessages();
    const job = await catalogue.jobs.openOf(source);
    if (signal.aborted) return;
    if (job === undefined || job.unreadable !== undefined) {
      standing = "";
      continue;
    }
    const isQueued = await hasQueued(parts);
    const now = JSON.stringify([job.id, await catalogue.jobs.progress(job.id)]);
    // A broker that was away meanwhile had no answer.
    const wasAway = !takes || performance.now() - lookedAt > every + 2 * lookEvery;
    lookedAt = performance.now();
    if (wasAway || isQueued || now !== standing) {
      standing = now;
      since = lookedAt;
      continue;
    }
    const quietMs = lookedAt - since;
    if (quietMs < limitMs || isHeld(holders.quietMs(source), limitMs)) continue;
    if (await isWaiting(parts, job.id, quietMs)) continue;
    const proof = await catalogue.questions.proof(job.id);
    if (JSON.stringify([job.id, await catalogue.jobs.progress(job.id)]) !== now) continue;
    await catalogue.jobs.close(job.id, proof.complete ? "complete" : "incomplete");
    standing = ""; // opened again for a retry, it has its time again
    log.warn(
      { job: job.id, source, quietMs: Math.round(quietMs), proof },
      "a job that stood still is closed",
    );
  }
}

async function hasQueued({ broker, source }: StalledParts): Promise<boolean> {
  const depths = await Promise.all(queues.map((queue) => broker.depth({ source, queue })));
  return depths.some((depth) => depth > 0);
}

/** What the broker says counts. By the services' accounts alone, what seems to wait may have been lost. */
async function isWaiting(parts: StalledParts, job: string, quietMs: number): Promise<boolean> {
  try {
    if (parts.waiting !== undefined) return (await parts.waiting()) > 0;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    parts.log.debug({ reason: error.message }, "the broker does not tell what waits");
  }
  return parts.holders.waiting(parts.source, job) > 0 && quietMs < longestWait(parts.limitMs);
}

function isHeld(quietMs: number | undefined, limitMs: number): boolean {
  return quietMs !== undefined && quietMs < Math.max(limitMs, shortestHold);
}

function longestWait(limitMs: number): number {
  return Math.max(waitingLimits * limitMs, waitingAtLeast);
}
