import {
  type Broker,
  backoff,
  classify,
  type Delayer,
  type Delivery,
  delay,
  HostError,
  type Log,
  pausesOfRecords,
  type Verdict,
} from "@brigade/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { tooEarly } from "../tables/untold.ts";

/**
 * Milliseconds until results come again if no lister has reported their page and no more such results
 * are kept.
 */
const earlyDelay = 10_000;
const earlyText =
  "more results than are kept are of pages that no lister has reported, or of volumes that no host has: they wait, and count when these " +
  'are told. If they are not, somebody makes them up: see "What a stolen password can do" in docs/security.md';

export interface LedgerParts {
  readonly catalogue: Pick<Catalogue, "recording">;
  readonly broker: Broker;
  /** The source's name. */
  readonly source: string;
  readonly log: Log;
  /**
   * The disk of the catalogue does not accept a record. The record is given back and comes again
   * after a while.
   */
  readonly onTrouble?: (error: HostError) => void;
  readonly delay?: Delayer;
}

export interface LedgerOptions {
  /** Records in hand at most; they share commits. */
  readonly prefetch: number;
}

/** Enters the records of one source into the catalogue until the result is disposed. */
export async function createLedger(parts: LedgerParts, options: LedgerOptions): Promise<AsyncDisposable> {
  const entering = new Entering(parts);
  const { broker, source } = parts;
  const handle = (delivery: Delivery) => entering.handle(delivery);
  const subscription = await broker.consume({ source, queue: "records" }, options, handle);
  return {
    async [Symbol.asyncDispose]() {
      entering.leave();
      await subscription[Symbol.asyncDispose]();
    },
  };
}

/** Enters records, and answers the broker for each. */
class Entering {
  readonly #parts: LedgerParts;
  readonly #leaving = new AbortController();
  /** Jobs of which results came too early. */
  readonly #early = new Set<string>();
  /** Records that the disk did not accept since it accepted one. */
  #attempt = 0;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  leave(): void {
    this.#leaving.abort();
  }

  async handle({ message, signal }: Delivery): Promise<Verdict> {
    if (message.type === "directory" || message.type === "files") {
      return { kind: "reject", reason: `a ${message.type} message among records` };
    }
    const { catalogue, log, onTrouble } = this.#parts;
    try {
      const [refusal] = await catalogue.recording.record([message]);
      this.#attempt = 0;
      if (refusal === undefined) return { kind: "ack" };
      if (refusal === tooEarly) return this.#postponed(message.job.id);
      log.warn({ job: message.job.id, type: message.type, reason: refusal }, "a record is refused");
      return { kind: "reject", reason: refusal };
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      onTrouble?.(error);
      await this.#patience(AbortSignal.any([signal, this.#leaving.signal]));
      return { kind: "release" };
    }
  }

  /** Logs it once per job: results come again and again. */
  #postponed(job: string): Verdict {
    if (!this.#early.has(job)) this.#parts.log.warn({ job }, earlyText);
    this.#early.add(job);
    return { kind: "postpone", delay: earlyDelay };
  }

  /** Waits, longer each time, for the disk to accept records again. */
  async #patience(signal: AbortSignal): Promise<void> {
    const pause = this.#parts.delay ?? delay;
    try {
      await pause(backoff(this.#attempt++, pausesOfRecords), signal);
    } catch (cancelled) {
      if (classify(cancelled).fault !== "cancelled") throw cancelled;
    }
  }
}
