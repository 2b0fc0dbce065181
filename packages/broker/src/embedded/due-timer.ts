import type { Delayer } from "@brigade/core";

interface Clock {
  /** Unix milliseconds that only grow. */
  now(): number;
  readonly delay: Delayer;
}

/** Calls `wake` when the first delayed message is due. */
export class DueTimer implements Disposable {
  readonly #clock: Clock;
  readonly #wake: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #due: number | undefined;
  #waiting = new AbortController();

  constructor(clock: Clock, wake: () => Promise<void>, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#wake = wake;
    this.#onError = onError;
  }

  /** `due`: Unix milliseconds. May be called at any time. */
  set(due: number | undefined): void {
    if (due === this.#due) return;
    this[Symbol.dispose]();
    this.#due = due;
    if (due === undefined) return;
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    this.#wait(due, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#onError(error);
    });
  }

  [Symbol.dispose](): void {
    this.#due = undefined;
    this.#waiting.abort();
  }

  async #wait(due: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wait = due - this.#clock.now();
      if (wait > 0) await this.#clock.delay(wait, signal);
      await this.#wake();
    }
  }
}
