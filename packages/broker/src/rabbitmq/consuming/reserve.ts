import type { Consumer, Reception } from "./reception.ts";

/**
 * More credit for a subscription, by more consumers: AMQP cannot change the prefetch of one. Lives
 * for one session; consumers are added and cancelled as more and less credit is needed.
 */
export class Reserve {
  readonly #reception: Reception;
  readonly #queue: string;
  readonly #consumer: Consumer;
  readonly #share: number;
  readonly #tags: string[] = [];
  #wanted = 0;
  #turning: Promise<void> = Promise.resolve();

  /** `share`: the credit of each consumer. */
  constructor(reception: Reception, queue: string, share: number, consumer: Consumer) {
    this.#reception = reception;
    this.#queue = queue;
    this.#consumer = consumer;
    this.#share = share;
  }

  /**
   * `credit`: the number of deliveries that may be held besides. Resolves when there is credit for
   * them, or the session is lost.
   */
  fit(credit: number): Promise<void> {
    const wanted = Math.ceil(credit / this.#share);
    if (wanted === this.#wanted) return this.#turning;
    this.#wanted = wanted;
    this.#turning = this.#turning.then(() => this.#turn());
    return this.#turning;
  }

  async #turn(): Promise<void> {
    const { lost } = this.#reception;
    try {
      while (this.#tags.length < this.#wanted)
        this.#tags.push(await this.#reception.consume(this.#queue, this.#share, this.#consumer));
      for (const tag of this.#tags.splice(this.#wanted)) await this.#reception.cancel(tag);
    } catch (error) {
      if (!lost.aborted) throw error;
    }
  }
}
