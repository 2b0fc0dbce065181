import { backoff, type Delayer, type Log, pausesOfBroker } from "@brigade/core";
import type { Reception } from "./reception.ts";

interface Surroundings {
  readonly log: Log;
  readonly delay: Delayer;
  readonly random: (() => number) | undefined;
}

/** Waits for queues to be made: no job of this source may have been started yet. */
export class QueueAppearance {
  readonly #around: Surroundings;
  /** Queues that were logged as missing. */
  readonly #missing = new Set<string>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  async of(queue: string, reception: Reception, signal: AbortSignal): Promise<void> {
    const { log, delay, random } = this.#around;
    for (let attempt = 0; (await reception.messageCount(queue)) === undefined; attempt++) {
      if (!this.#missing.has(queue)) log.warn({ queue }, "waiting for a queue that `brigade start` makes");
      this.#missing.add(queue);
      await delay(backoff(attempt, pausesOfBroker, random), signal);
    }
    if (this.#missing.delete(queue)) log.info({ queue }, "the queue is there");
  }
}
