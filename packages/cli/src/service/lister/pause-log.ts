import { setTimeout as sleep } from "node:timers/promises";
import type { Broker, Log, QueueKind } from "@brigade/core";

export interface PauseLogParts {
  readonly source: string;
  readonly pauses: () => readonly string[];
  readonly broker: Broker;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds between looks; default 1 s. */
  readonly everyMs?: number;
}

/** Queues that listing may have to wait for. */
const downstream: readonly QueueKind[] = ["files", "retry", "wait", "records"];

/**
 * Logs one line when a pause begins, with what waits in the queues, and one when it ends. Until the
 * signal.
 */
export async function logPauses(parts: PauseLogParts): Promise<void> {
  const { source, pauses, log, signal, everyMs = 1_000 } = parts;
  let logged: readonly string[] = [];
  while (!signal.aborted) {
    const now = pauses();
    for (const reason of now.filter((one) => !logged.includes(one))) {
      log.info({ source, reason, waiting: await depths(parts) }, "listing pauses");
    }
    for (const reason of logged.filter((one) => !now.includes(one))) {
      log.info({ source, reason }, "listing goes on");
    }
    logged = now;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined); // the signal ends the loop
  }
}

async function depths({ broker, source }: PauseLogParts): Promise<Record<string, number>> {
  const found = await Promise.all(
    downstream.map(async (queue) => [queue, await broker.depth({ source, queue })] as const),
  );
  return Object.fromEntries(found);
}
