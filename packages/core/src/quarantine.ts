import type { Valve } from "./valve.ts";

/** From this many lost deliveries on, a message is suspected of killing its process. */
export const carefulFrom = 3;
/** A message with a single piece of work that was lost this often has ended its process each time. */
export const deadlyFrom = 6;
const reason = "handling a suspect alone";

/**
 * Runs suspects one at a time, with nothing else in hand: what is not started is given back, what runs is waited for.
 * So a crash counts against the suspect only.
 */
export class Quarantine {
  readonly #valve: Valve;
  readonly #running = new Set<Promise<unknown>>();

  constructor(valve: Valve) {
    this.#valve = valve;
  }

  /** Remembers an ordinary task, so that a suspect can wait for it. */
  async among<T>(task: () => Promise<T>): Promise<T> {
    const running = task();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** The valve is closed at once, so that whoever comes now, another suspect too, can be given back. */
  async alone<T>(task: () => Promise<T>): Promise<T> {
    try {
      await this.#valve.close(reason);
      await Promise.allSettled(this.#running);
      return await task();
    } finally {
      await this.#valve.open(reason);
    }
  }
}
