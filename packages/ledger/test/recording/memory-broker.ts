import type { Broker, Delivery, Message, QueueName, Subscription, Verdict } from "@brigade/core";

interface Waiting {
  readonly message: Message;
  deliveries: number;
}

/** One queue in memory, enough for a consumer: prefetch, verdicts, release at once. */
export class MemoryBroker implements Broker {
  readonly queue: Waiting[] = [];
  readonly acked: Message[] = [];
  readonly rejected: { message: Message; reason: string }[] = [];
  consumed: QueueName | undefined;
  prefetch = 0;
  #handle: ((delivery: Delivery) => Promise<Verdict>) | undefined;
  readonly #running = new Set<Promise<void>>();
  readonly #idle: (() => void)[] = [];

  async publish(messages: readonly Message[]): Promise<void> {
    for (const message of messages) this.queue.push({ message, deliveries: 0 });
    this.#deliver();
  }

  async consume(
    queue: QueueName,
    { prefetch }: { readonly prefetch: number },
    handle: (delivery: Delivery) => Promise<Verdict>,
  ): Promise<Subscription> {
    this.consumed = queue;
    this.prefetch = prefetch;
    this.#handle = handle;
    this.#deliver();
    const pause = async () => {
      this.#handle = undefined;
    };
    const resume = async () => {
      this.#handle = handle;
      this.#deliver();
    };
    const dispose = async () => {
      await pause();
      await Promise.all(this.#running);
    };
    return { pause, resume, [Symbol.asyncDispose]: dispose };
  }

  async depth(): Promise<number> {
    return this.queue.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handle = undefined;
  }

  /** Resolves when nothing is queued or in hand. */
  async idle(): Promise<void> {
    if (this.queue.length + this.#running.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #deliver(): void {
    while (this.#handle !== undefined && this.#running.size < this.prefetch) {
      const waiting = this.queue.shift();
      if (waiting === undefined) break;
      const running = this.#run(waiting, this.#handle).finally(() => {
        this.#running.delete(running);
        this.#deliver();
      });
      this.#running.add(running);
    }
    if (this.queue.length + this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(waiting: Waiting, handle: (delivery: Delivery) => Promise<Verdict>): Promise<void> {
    const { message, deliveries } = waiting;
    const queue = this.consumed ?? { source: "", queue: "records" };
    const signal = new AbortController().signal;
    const isRepeated = deliveries > 0;
    const verdict = await handle({
      queue,
      message,
      deliveries,
      isRepeated,
      signal,
      author: "",
      standAside() {},
      onOverdue() {},
    });
    if (verdict.kind === "ack") this.acked.push(message);
    else if (verdict.kind === "reject") this.rejected.push({ message, reason: verdict.reason });
    else this.queue.push(waiting);
  }
}
