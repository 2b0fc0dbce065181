import { SourceError } from "../failures.ts";
import type { Delayer } from "../time/delay.ts";
import type { RequestGate } from "./request-gate.ts";
import type { Subject, Witnesses } from "./witnesses.ts";

export interface ProofParts<S extends Subject> {
  readonly gate: RequestGate;
  readonly witnesses: Witnesses<S>;
  /**
   * Asks for a subject; resolves with what it was refused with, or with `undefined` after
   * `Proof.succeeded`.
   */
  readonly refusalOf: (subject: S) => Promise<Error | undefined>;
  readonly isPaused: () => boolean;
  readonly signal: AbortSignal;
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  readonly delay: Delayer;
}

/** The result of requests for witnesses. */
interface Asked {
  readonly began: number;
  /** The error of the last one that did not come; `undefined` if one came, or there is none. */
  readonly refusal: Error | undefined;
}

/**
 * Milliseconds that a success of ordinary traffic is waited for, before something is asked in its
 * place.
 */
const grace = 250;
/** Milliseconds for which ordinary traffic counts as under way. */
const lately = 1_000;
/**
 * Witnesses that get no answer, before no more are asked: each may take as long as a request may.
 */
const mostSilent = 3;
/** Different subjects that failed in a row, to be asked again by probes. */
const rememberedFailing = 256;

/**
 * Whether what is known to work still works: seen in ordinary traffic, or asked for. A success
 * counts from the moment in which its request was begun.
 */
export class Proof<S extends Subject> {
  readonly #parts: ProofParts<S>;
  /** Different subjects that failed since the latest success, by key. */
  readonly #failing = new Map<string, S>();
  readonly #waiting = new Set<{ readonly failedAt: number; readonly resolve: () => void }>();
  /** The latest time at which a request was begun that succeeded. */
  #provenAt = Number.NEGATIVE_INFINITY;
  #failuresInARow = 0;
  #failingSince: number | undefined;
  #asking: Promise<Asked> | undefined;

  constructor(parts: ProofParts<S>) {
    this.#parts = parts;
  }

  /** Whether anything came in this run. */
  get hasWorked(): boolean {
    return this.#provenAt > Number.NEGATIVE_INFINITY;
  }

  /** When the first of the failures came that no success has followed. */
  get failingSince(): number | undefined {
    return this.#failingSince;
  }

  /** Different subjects that failed since the latest success, the first 256. */
  get failing(): ReadonlyMap<string, S> {
    return this.#failing;
  }

  succeeded(begunAt: number): void {
    if (begunAt > this.#provenAt) this.#provenAt = begunAt;
    // A request that was begun before the first failure, and whose object is only now on its disk,
    // is no evidence about the source as it is now.
    if (this.#failingSince !== undefined && begunAt >= this.#failingSince) this.#recover();
  }

  /** Returns the time of the failure. */
  failed(subject: S): number {
    const failedAt = this.#parts.now();
    this.#failingSince ??= failedAt;
    this.#failuresInARow++;
    if (this.#failing.size < rememberedFailing) this.#failing.set(subject.key, subject);
    return failedAt;
  }

  /**
   * After a failure. From `hold` failures in a row on, no new request is sent until it is known.
   */
  async after(failedAt: number, hold: number): Promise<"works" | "stopped" | "unknown"> {
    const { gate, isPaused, signal } = this.#parts;
    const isHeld = this.#failuresInARow >= hold;
    if (!isHeld && this.#provenAt > failedAt - lately) await this.#trafficSince(failedAt);
    for (;;) {
      if (this.#provenAt >= failedAt) return "works";
      if (isPaused() || signal.aborted) return "stopped";
      if (isHeld) gate.hold();
      this.#asking ??= this.#askWitnesses().finally(() => {
        this.#asking = undefined;
      });
      const { began, refusal } = await this.#asking;
      // Only the caller knows that there will be no pause: then it lets the held requests go.
      if (refusal === undefined) gate.release();
      if (this.#provenAt >= failedAt) return "works";
      if (began >= failedAt) return refusal === undefined ? "unknown" : "stopped";
    }
  }

  #recover(): void {
    this.#failuresInARow = 0;
    this.#failingSince = undefined;
    this.#failing.clear();
    this.#parts.gate.release();
    for (const waiter of this.#waiting) if (waiter.failedAt <= this.#provenAt) waiter.resolve();
  }

  async #trafficSince(failedAt: number): Promise<void> {
    const { delay, signal } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { failedAt, resolve };
    const over = new AbortController();
    this.#waiting.add(waiter);
    try {
      const inTime = delay(grace, AbortSignal.any([over.signal, signal])).catch(() => {});
      await Promise.race([promise, inTime]);
    } finally {
      over.abort();
      this.#waiting.delete(waiter);
    }
  }

  async #askWitnesses(): Promise<Asked> {
    const { witnesses, refusalOf, now } = this.#parts;
    const began = now();
    const refused: S[] = [];
    let refusal: Error | undefined;
    let silent = 0;
    for await (const witness of witnesses.toAsk(this.#failing)) {
      refusal = await refusalOf(witness);
      if (refusal === undefined) {
        witnesses.came(witness);
        for (const one of refused) witnesses.drop(one);
        return { began, refusal };
      }
      refused.push(witness);
      if (refusal instanceof SourceError && refusal.kind === "transport") silent++;
      if (silent >= mostSilent) break;
    }
    return { began, refusal };
  }
}
