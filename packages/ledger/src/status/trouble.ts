import type { Log } from "@brigade/core";

/**
 * Something that is tried again and again. A failure is logged once, and the next one after it has
 * gone well.
 */
export class Trouble {
  readonly #what: string;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  #isReported = false;

  /** Nothing is logged after the signal. */
  constructor(what: string, log: Log, signal: AbortSignal) {
    this.#what = what;
    this.#log = log;
    this.#signal = signal;
  }

  begin(error: unknown): void {
    if (this.#signal.aborted || this.#isReported) return;
    this.#isReported = true;
    this.#log.warn({ err: error }, this.#what);
  }

  end(): void {
    this.#isReported = false;
  }
}
