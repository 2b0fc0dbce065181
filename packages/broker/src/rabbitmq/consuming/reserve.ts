import type { Consumer, Reception } from "./reception.ts";

/** A subscription's reserve is this many consumers, each with an equal share of its prefetch. */
const shares = 4;

/**
 * More credit for a subscription, by more consumers: AMQP cannot change the prefetch of one. Lives
 * for one session; consumers are added and cancelled as deliveries stand aside.
 */
export class Reserve {
  readonly #reception: Reception;
  readonly #queue: string;
  readonly #consumer: Consumer;
  readonly #share: number;
  readonly #tags: string[] = [];
  #wanted = 0;
  #turning: Promise<void> = Promise.resolve();

  constructor(reception: Reception, queue: string, prefetch: number, consumer: Consumer) {
    this.#reception = reception;
    this.#queue = queue;
    this.#consumer = consumer;
    this.#share = Math.ceil(prefetch / shares);
  }

  /**
   * `aside`: the number of deliveries that stand aside. Resolves when there is credit for them, or
   * the session is lost.
   */
  fit(aside: number): Promise<void> {
    const wanted = Math.min(shares, Math.ceil(aside / this.#share));
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
