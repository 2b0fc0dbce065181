import type { Delayer } from "@brigade/core";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that passes when it is told to. */
export class StatusClock {
  #now = 1_000_000;
  readonly #sleepers = new Set<Sleeper>();

  readonly now = (): number => this.#now;

  readonly delay: Delayer = (ms, signal) => {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { at: this.#now + ms, wake: resolve };
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

  /** Second by second; whoever is woken runs until it waits again. `each` is called before each second. */
  async pass(seconds: number, each: () => void = () => {}): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      each();
      this.#now += 1_000;
      for (const sleeper of [...this.#sleepers]) {
        if (sleeper.at > this.#now) continue;
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
      await new Promise(setImmediate);
    }
  }
}
