import type { Log } from "@brigade/core";

/** Something that is tried over and over: that it fails is said once, and again after it has gone well. */
export class Trouble {
  readonly #what: string;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  #isTold = false;

  /** Nothing is said after the signal. */
  constructor(what: string, log: Log, signal: AbortSignal) {
    this.#what = what;
    this.#log = log;
    this.#signal = signal;
  }

  begin(error: unknown): void {
    if (this.#signal.aborted || this.#isTold) return;
    this.#isTold = true;
    this.#log.warn({ err: error }, this.#what);
  }

  end(): void {
    this.#isTold = false;
  }
}
