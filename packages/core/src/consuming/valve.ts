import type { Subscription } from "../contracts/broker.ts";

/**
 * Several reasons may pause a consumer at once (back-pressure, an outage, a full disk). It runs
 * only while there is none. Reasons are short texts for people.
 */
export class Valve {
  readonly #subscriptions: Subscription[] = [];
  readonly #reasons = new Set<string>();
  #turning: Promise<void> = Promise.resolve();
  #paused = false;

  get reasons(): readonly string[] {
    return [...this.#reasons];
  }

  get isClosed(): boolean {
    return this.#reasons.size > 0;
  }

  /** Pauses and resumes this subscription from now on. */
  async add(subscription: Subscription): Promise<void> {
    this.#subscriptions.push(subscription);
    if (this.#paused) await subscription.pause();
  }

  close(reason: string): Promise<void> {
    this.#reasons.add(reason);
    return this.#turn();
  }

  open(reason: string): Promise<void> {
    this.#reasons.delete(reason);
    return this.#turn();
  }

  /**
   * One change at a time, each to what is wanted when it starts: quick changes never leave it
   * half-way.
   */
  #turn(): Promise<void> {
    this.#turning = this.#turning.then(async () => {
      const pause = this.isClosed;
      if (pause === this.#paused) return;
      this.#paused = pause;
      await Promise.all(this.#subscriptions.map((one) => (pause ? one.pause() : one.resume())));
    });
    return this.#turning;
  }
}
