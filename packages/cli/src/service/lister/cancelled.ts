import { setTimeout as sleep } from "node:timers/promises";
import { type Broker, HostError, type Log } from "@brigade/core";
import type { LedgerClient } from "@brigade/ledger/http";
import { withHandlers } from "../broker/wrapped-broker.ts";

/** Milliseconds between looks. `brigade cancel` purges for longer than this. */
export const cancelledEveryMs = 2_000;

/** The jobs that were cancelled, as far as the ledger has answered. */
export class CancelledJobs {
  readonly #ledger: LedgerClient;
  readonly #log: Log;
  readonly #everyMs: number;
  readonly #ids = new Set<string>();

  constructor(ledger: LedgerClient, log: Log, everyMs = cancelledEveryMs) {
    this.#ledger = ledger;
    this.#log = log;
    this.#everyMs = everyMs;
  }

  has(job: string): boolean {
    return this.#ids.has(job);
  }

  /** Asks the ledger every 2 seconds, until the signal. A ledger that is away only delays it. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const { id, state } of await this.#ledger.jobs()) if (state === "cancelled") this.#ids.add(id);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof HostError)) throw error;
        this.#log.debug({ reason: error.message }, "the ledger does not answer which jobs were cancelled");
      }
      await sleep(this.#everyMs, undefined, { signal }).catch(() => undefined); // the signal ends the loop
    }
  }
}

/**
 * Returns the same broker; deliveries of cancelled jobs are acknowledged without being handled.
 * Purging a queue does not reach them: what a walk publishes goes to a consumer at once.
 */
export function withoutCancelled(broker: Broker, cancelled: CancelledJobs): Broker {
  return withHandlers(broker, (handle) => async (delivery) => {
    return cancelled.has(delivery.message.job.id) ? { kind: "ack" } : await handle(delivery);
  });
}
