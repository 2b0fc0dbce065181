import { setTimeout as sleep } from "node:timers/promises";
import type { Broker, Log, QueueKind } from "@brigade/core";

export interface OtherLedgerParts {
  readonly source: string;
  readonly broker: Broker;
  /** Records that this ledger has received so far. */
  readonly received: () => number;
  /** Those of them that it still works on: it may be too busy for more. */
  readonly inHand: () => number;
  /**
   * Returns whether what is queued may be of a job in this catalogue: of an open one, or left over
   * from a cancelled one.
   */
  readonly mayHaveWork: () => Promise<boolean>;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds between looks; default 1 s. */
  readonly everyMs?: number;
}

const work: readonly QueueKind[] = ["directories", "files", "retry", "wait"];
/** Looks in a row before it is logged: what is on its way between two queues is in none. */
const sureAfter = 3;

/**
 * Only one ledger receives a source's records, and the broker does not say which. It is another one
 * (or another catalogue) if work is queued that no job here can have published, or if records wait
 * and do not come here. That is logged in one line, and in one more when records come here after
 * all. It watches until the signal.
 */
export class OtherLedger {
  readonly #parts: OtherLedgerParts;
  #signs = 0;
  #received = 0;
  #isAtWork = false;

  constructor(parts: OtherLedgerParts) {
    this.#parts = parts;
  }

  get isAtWork(): boolean {
    return this.#isAtWork;
  }

  async watch(): Promise<void> {
    const { signal, everyMs = 1_000 } = this.#parts;
    while (!signal.aborted) {
      await this.#look();
      await sleep(everyMs, undefined, { signal }).catch(() => undefined); // the signal ends the loop
    }
  }

  async #look(): Promise<void> {
    const { source, received, inHand, log } = this.#parts;
    const waiting = await this.#waiting();
    const isSign = await this.#isSign(waiting);
    if (received() !== this.#received) {
      this.#received = received();
      this.#signs = 0;
      if (this.#isAtWork) log.info({ source }, "records come to this ledger now");
      this.#isAtWork = false;
      return;
    }
    this.#signs = isSign && inHand() === 0 ? this.#signs + 1 : 0;
    if (this.#signs < sureAfter || this.#isAtWork) return;
    this.#isAtWork = true;
    log.warn(
      { source, waiting },
      "another ledger is at work, or LEDGER_PATH names another catalogue than before: this one receives no records",
    );
  }

  async #isSign(waiting: Readonly<Record<string, number>>): Promise<boolean> {
    if ((waiting.records ?? 0) > 0) return true;
    const queued = work.some((queue) => (waiting[queue] ?? 0) > 0);
    return queued && !(await this.#parts.mayHaveWork());
  }

  /** Returns how many messages are ready, for queues that are not empty. */
  async #waiting(): Promise<Readonly<Record<string, number>>> {
    const { source, broker } = this.#parts;
    const found = await Promise.all(
      [...work, "records" as const].map(async (queue) => {
        return [queue, await broker.depth({ source, queue })] as const;
      }),
    );
    return Object.fromEntries(found.filter(([, depth]) => depth > 0));
  }
}
