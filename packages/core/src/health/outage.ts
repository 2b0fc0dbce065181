import { FatalError } from "../failures.ts";
import { backoff } from "../retrying/backoff.ts";
import { pausesOfProbes } from "../retrying/pauses.ts";
import type { Delayer } from "../time/delay.ts";
import type { RequestGate } from "./request-gate.ts";

/** Why a source is paused. */
export interface OutageReport {
  readonly reason: string;
  /** It refuses everything, which will pass by itself when no request is sent for a while. */
  readonly isBan: boolean;
}

export interface OutageParts {
  readonly gate: RequestGate;
  /**
   * Asks for something; `turn` counts from 0. Resolves with what it was refused with, or with
   * `undefined`.
   */
  readonly probe: (turn: number) => Promise<Error | undefined>;
  readonly onPause: (report: OutageReport) => void;
  readonly onResume: (pausedMs: number) => void;
  readonly onGiveUp: (error: FatalError) => void;
  readonly signal: AbortSignal;
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  readonly delay: Delayer;
}

/**
 * The time in which a source is paused: the gate is closed, and probes with growing pauses show
 * when it is over.
 */
export class Outage {
  readonly #parts: OutageParts;
  readonly #limitMs: number;
  #isOn = false;
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: OutageParts, limitMs: number) {
    this.#parts = parts;
    this.#limitMs = limitMs;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Whether it was on at any time since then. */
  wasOnSince(moment: number): boolean {
    return this.#isOn || this.#endedAt >= moment;
  }

  /** `since`: when the first request failed. */
  begin(report: OutageReport, since: number): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#parts.gate.close();
    this.#parts.onPause(report);
    void this.#last(report.reason, since);
  }

  giveUp(error: FatalError): void {
    this.#isOn = true;
    this.#parts.gate.close();
    this.#parts.onGiveUp(error);
  }

  /** Never rejects: every way out is one of the callbacks, or the signal. */
  async #last(reason: string, since: number): Promise<void> {
    const { probe, gate, onResume, signal, now, delay } = this.#parts;
    const pausedAt = now();
    let latest = reason;
    for (let turn = 0; !signal.aborted; turn++) {
      const left = since + this.#limitMs - now();
      if (left <= 0) {
        const seconds = Math.round(this.#limitMs / 1000);
        this.giveUp(new FatalError(`the source has not recovered for ${seconds} s: ${latest}`));
        return;
      }
      await delay(Math.min(left, backoff(turn, pausesOfProbes)), signal).catch(() => {});
      if (signal.aborted) return;
      const refusal = await probe(turn);
      if (refusal === undefined) {
        this.#isOn = false;
        this.#endedAt = now();
        gate.open();
        onResume(now() - pausedAt);
        return;
      }
      latest = refusal.message;
    }
  }
}
