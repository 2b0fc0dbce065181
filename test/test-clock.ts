import type { Delayer } from "@brigade/core";

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is set forward. Unix milliseconds. */
export class TestClock {
  #now = Date.UTC(2026, 0, 1);
  readonly #sleepers = new Set<Sleeper>();

  readonly now = (): number => this.#now;

  readonly delay: Delayer = (ms, signal) => {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { until: this.#now + ms, wake: resolve };
    this.#sleepers.add(sleeper);
    signal.addEventListener("abort", () => {
      this.#sleepers.delete(sleeper);
      reject(signal.reason);
    });
    return promise;
  };

  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Milliseconds; back if negative. */
  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.until > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }

  /**
   * Second by second; whoever is woken runs until it waits again. `each` is called before each
   * second.
   */
  async pass(seconds: number, each: () => void = () => {}): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      each();
      this.advance(1_000);
      await new Promise(setImmediate);
    }
  }
}
