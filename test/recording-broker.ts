import type { Broker, Delivery, Message, QueueKind, QueueName, Subscription, Verdict } from "@brigade/core";

type Handler = (delivery: Delivery) => Promise<Verdict>;

/** A broker in memory that writes down what is asked of it, and delivers when it is told to. */
export class RecordingBroker implements Broker {
  /**
   * In order: `publish <types>`, `confirmed`, `first of <queue>`, `pause <queue>`, `resume
   * <queue>`, `prefetch <number> of <queue>`, `dispose <queue>`.
   */
  readonly events: string[] = [];
  readonly published: Message[] = [];
  /** Queues, in the order in which their consumers came. */
  readonly consumed: QueueName[] = [];
  /** Ready messages per queue, as a test sets them. */
  readonly depths = new Map<QueueKind, number>();
  /** How often a depth was asked for. */
  looks = 0;
  /** Set: publishing fails with it. */
  refuse: Error | undefined;
  /** Set: told of everything that is published, before it is confirmed. */
  onPublish: ((messages: readonly Message[]) => void) | undefined;
  /** One that is first comes first, until it is disposed of. */
  readonly #handlers = new Map<QueueKind, Handler[]>();
  readonly #running = new Set<Promise<Verdict>>();

  async publish(messages: readonly Message[]): Promise<void> {
    this.events.push(`publish ${[...new Set(messages.map(({ type }) => type))].join("+")}`);
    this.onPublish?.(messages);
    await turn();
    if (this.refuse !== undefined) throw this.refuse;
    this.published.push(...messages);
    this.events.push("confirmed");
  }

  async consume(
    queue: QueueName,
    { isFirst = false }: { prefetch: number; isFirst?: boolean },
    handle: Handler,
  ): Promise<Subscription> {
    this.consumed.push(queue);
    const handlers = this.#handlers.get(queue.queue) ?? [];
    if (isFirst) this.events.push(`first of ${queue.queue}`);
    this.#handlers.set(queue.queue, isFirst ? [handle, ...handlers] : [...handlers, handle]);
    const told = (event: string) => async () => {
      this.events.push(`${event} ${queue.queue}`);
    };
    return {
      pause: told("pause"),
      resume: told("resume"),
      setPrefetch: async (prefetch) => {
        this.events.push(`prefetch ${prefetch} of ${queue.queue}`);
      },
      [Symbol.asyncDispose]: async () => {
        await Promise.allSettled(this.#running);
        if (isFirst) this.#handlers.set(queue.queue, handlers);
        this.events.push(`dispose ${queue.queue}`);
      },
    };
  }

  async depth({ queue }: QueueName): Promise<number> {
    this.looks++;
    return this.depths.get(queue) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Hands a message to the consumer of a queue. */
  async deliver(
    queue: QueueKind,
    message: Message,
    given: Partial<Omit<Delivery, "queue" | "message">> = {},
  ): Promise<Verdict> {
    const [handle] = this.#handlers.get(queue) ?? [];
    if (handle === undefined) throw new Error(`nobody consumes ${queue}`);
    const name = { source: message.job.source, queue };
    const { signal } = new AbortController();
    const isRepeated = (given.deliveries ?? 0) > 0;
    const usual = { author: "", deliveries: 0, isRepeated, signal, standAside() {}, onOverdue() {} };
    const running = handle({ queue: name, message, ...usual, ...given });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  publishedOf<T extends Message["type"]>(type: T): (Message & { type: T })[] {
    return this.published.filter((message): message is Message & { type: T } => message.type === type);
  }
}

/** Lets everything that is ready to run do so. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
