import { setTimeout as sleep } from "node:timers/promises";
import { type Broker, HostError, type Log, type QueueKind } from "@brigade/core";
import type { Catalogue } from "@brigade/ledger";
import type { Holders } from "./holders.ts";

export interface StalledParts {
  readonly source: string;
  readonly catalogue: Catalogue;
  readonly broker: Broker;
  /**
   * Returns whether the broker accepts messages now. While it does not, a quiet job may go on later.
   */
  readonly acceptsMessages: () => Promise<boolean>;
  readonly holders: Holders;
  /** Whether people have paused the source: a job that stands still then has lost nothing. */
  readonly isPaused?: () => boolean;
  /**
   * Returns how many messages are in the wait queues. Absent if the broker cannot be asked; rejects
   * with HostError if it does not answer now.
   */
  readonly waiting?: (() => Promise<number>) | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly limitMs: number;
}

const queues: readonly QueueKind[] = ["directories", "files", "retry", "wait", "records"];
/** Milliseconds between two looks, at most. */
const lookEvery = 5_000;
/** Milliseconds. A service reports its progress every 5 seconds, so three of its messages fit. */
const shortestHold = 15_000;
/**
 * Messages that seem to wait keep a job open for 10 times the limit, and for an hour at least.
 * After that they count as lost.
 */
const waitingLimits = 10;
const waitingAtLeast = 3_600_000;

/**
 * Closes the open job of a source when nothing of it is queued, no service shows progress with what
 * it holds, and no record has come for the limit: a message was lost, with all that it would have
 * led to. While the catalogue's disk fails, it looks again later. It watches until the signal.
 */
export async function closeStalled(parts: StalledParts): Promise<void> {
  while (!parts.signal.aborted) {
    try {
      await watch(parts);
    } catch (error) {
      if (!(error instanceof HostError)) throw error; // the catalogue's `onDisk` logs it
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
    const takes = await parts.acceptsMessages();
    const job = await catalogue.jobs.openOf(source);
    if (signal.aborted) return;
    if (job === undefined || job.unreadable !== undefined) {
      standing = "";
      continue;
    }
    const isQueued = await hasQueued(parts);
    const now = JSON.stringify([job.id, await catalogue.jobs.progress(job.id)]);
    // A broker that was away since the last look had no answer.
    const wasAway =
      parts.isPaused?.() === true || !takes || performance.now() - lookedAt > every + 2 * lookEvery;
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
    standing = ""; // a job that is opened again has its time again
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

/**
 * Returns whether messages wait. The broker's number counts. If there is none, the services'
 * numbers do: but what they count may have been lost.
 */
async function isWaiting(parts: StalledParts, job: string, quietMs: number): Promise<boolean> {
  try {
    if (parts.waiting !== undefined) return (await parts.waiting()) > 0;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    parts.log.debug({ reason: error.message }, "the broker does not answer what waits");
  }
  return parts.holders.waiting(parts.source, job) > 0 && quietMs < longestWait(parts.limitMs);
}

function isHeld(quietMs: number | undefined, limitMs: number): boolean {
  return quietMs !== undefined && quietMs < Math.max(limitMs, shortestHold);
}

function longestWait(limitMs: number): number {
  return Math.max(waitingLimits * limitMs, waitingAtLeast);
}
