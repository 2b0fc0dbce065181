import { abortError, watch } from "../http/faults/cancelled.ts";
import type { Clock } from "./turns/clock.ts";

/**
 * While it is on, people have paused the source: no request to any of its servers starts, not even
 * one that finds out whether it is well. Bodies that are under way go on.
 */
export class SourceHold {
  /** Read for each request. */
  isOn = false;
  readonly #clock: Pick<Clock, "now">;
  #since = 0;
  /** Milliseconds of all holds that are over. */
  #held = 0;
  #over: PromiseWithResolvers<void> | undefined;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Returns whether it was off. */
  begin(): boolean {
    if (this.isOn) return false;
    this.isOn = true;
    this.#since = this.#clock.now();
    this.#over = Promise.withResolvers();
    return true;
  }

  /** Returns whether it was on. */
  end(): boolean {
    if (!this.isOn) return false;
    this.isOn = false;
    this.#held += this.#clock.now() - this.#since;
    this.#over?.resolve();
    this.#over = undefined;
    return true;
  }

  /** Monotonic milliseconds that stand still while it is on: for what waits for the source. */
  readonly workingTime = (): number => {
    const now = this.isOn ? this.#since : this.#clock.now();
    return now - this.#held;
  };

  /** Resolves when it is off. Rejects with an AbortError when the signal comes first. */
  async over(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortError(signal.reason);
    const aborted = Promise.withResolvers<never>();
    const waiter = { abort: aborted.reject };
    const watched = watch(signal, waiter);
    try {
      while (this.#over !== undefined) await Promise.race([this.#over.promise, aborted.promise]);
    } finally {
      watched.delete(waiter);
      aborted.promise.catch(() => undefined); // nobody waits for it any more
    }
  }
}
