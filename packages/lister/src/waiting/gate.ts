import type { Broker, Delayer, Log, QueueKind, Valve } from "@brigade/core";
import { delay } from "@brigade/core";

/**
 * Queues that must not fill up (rule 5): work that waits for downloaders, and records that the
 * ledger has not read.
 */
const downstream: readonly QueueKind[] = ["files", "retry", "wait", "records"];
/** Why listing pauses meanwhile. */
export const backPressure = "back-pressure";
/** Milliseconds between two looks: while open, and while closed. */
const lookEvery = 200;
const pollEvery = 1_000;
/** With this part of the high-water mark, downloaders have enough: listing need not be faster. */
const plenty = 0.25;

export interface GateOptions {
  /** Messages downstream at which listing pauses; it goes on at half of that. */
  readonly highWater: number;
  /** Called at each look that finds enough waiting, although listing may go on. */
  readonly onPlenty?: () => void;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly now?: () => number;
  readonly delay?: Delayer;
}

/** Back-pressure: closes the lister's valve while too much waits downstream. */
export class Gate {
  readonly #broker: Broker;
  readonly #source: string;
  readonly #valve: Valve;
  readonly #options: Required<GateOptions>;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(broker: Broker, source: string, valve: Valve, options: GateOptions) {
    this.#broker = broker;
    this.#source = source;
    this.#valve = valve;
    this.#options = { now: () => performance.now(), delay, onPlenty: () => {}, ...options };
  }

  /** Whether listing may go on. Looks at the queues every `lookEvery`. */
  async admits(): Promise<boolean> {
    const { now, highWater, onPlenty } = this.#options;
    if (this.#closed) return false;
    if (now() - this.#lookedAt < lookEvery) return true;
    this.#lookedAt = now();
    const backlog = await this.#backlog();
    if (backlog >= plenty * highWater) onPlenty();
    if (backlog < highWater) return true;
    if (!this.#closed) void this.#close(backlog);
    return false;
  }

  async #close(backlog: number): Promise<void> {
    const { highWater, signal, log, delay } = this.#options;
    this.#closed = true;
    log.debug({ backlog, highWater }, "listing pauses: enough work is waiting downstream");
    try {
      await this.#valve.close(backPressure);
      do await delay(pollEvery, signal);
      while ((await this.#backlog()) > highWater / 2);
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    this.#closed = false;
    log.debug({}, "listing goes on");
    await this.#valve.open(backPressure);
  }

  async #backlog(): Promise<number> {
    const depths = await Promise.all(
      downstream.map((queue) => this.#broker.depth({ source: this.#source, queue })),
    );
    return depths.reduce((sum, depth) => sum + depth, 0);
  }
}
