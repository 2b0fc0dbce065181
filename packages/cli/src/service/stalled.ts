import { setTimeout as sleep } from "node:timers/promises";
import { type Broker, HostError, type Log, type QueueKind } from "@brigade/core";
import type { Catalogue } from "@brigade/ledger";

export interface StalledParts {
  readonly source: string;
  readonly catalogue: Catalogue;
  readonly broker: Broker;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly limitMs: number;
}

const queues: readonly QueueKind[] = ["directories", "files", "retry", "wait", "records"];
/** Milliseconds between looks, at most. */
const lookEvery = 5_000;

/**
 * Closes the open job of a source when nothing of it is queued and nothing has been told of it for long: a message was
 * lost with all that it would have led to, and nobody will bring it. What a consumer still holds after that long is entered
 * when it comes, all the same. While the catalogue's disk fails, it looks again later. Until the signal.
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
  const { source, catalogue, broker, log, signal, limitMs } = parts;
  let standing = "";
  let since = performance.now();
  while (!signal.aborted) {
    await sleep(Math.min(lookEvery, Math.ceil(limitMs / 4)), undefined, { signal }).catch(() => undefined); // ends the loop
    const job = await catalogue.openJobOf(source);
    if (signal.aborted) return;
    if (job === undefined) {
      standing = "";
      continue;
    }
    const depths = await Promise.all(queues.map((queue) => broker.depth({ source, queue })));
    const now = JSON.stringify([job.id, await catalogue.progress(job.id)]);
    if (now !== standing || depths.some((depth) => depth > 0)) {
      standing = now;
      since = performance.now();
      continue;
    }
    if (performance.now() - since < limitMs) continue;
    const proof = await catalogue.proof(job.id);
    if (JSON.stringify([job.id, await catalogue.progress(job.id)]) !== now) continue;
    await catalogue.closeJob(job.id, proof.complete ? "complete" : "incomplete");
    standing = ""; // opened again for a retry, it has its time again
    log.warn(
      { job: job.id, source, quietMs: Math.round(performance.now() - since), proof },
      "a job that stood still is closed",
    );
  }
}
