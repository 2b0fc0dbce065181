import type { HandedOut } from "./protocol.ts";
import type { Store } from "./store.ts";

interface Consumer {
  readonly id: number;
  readonly queue: number;
  readonly prefetch: number;
  /** Whether it gets messages before others of its queue. */
  readonly isFirst: boolean;
  /** Messages that count against `prefetch`. */
  held: number;
  aside: number;
  paused: boolean;
}

/**
 * Who consumes what, and which message is held for whom. It ends with the process; the tables know
 * what is held.
 */
export class Consumers {
  #consumers = new Map<number, Consumer>();
  /** Consumer by message. */
  #holders = new Map<number, Consumer>();
  /** The same for messages that stand aside. */
  #aside = new Map<number, Consumer>();

  add(consumer: Pick<Consumer, "id" | "queue" | "prefetch" | "isFirst">): void {
    this.#consumers.set(consumer.id, { ...consumer, held: 0, aside: 0, paused: false });
  }

  pause(id: number, paused: boolean): void {
    const consumer = this.#consumers.get(id);
    if (consumer) consumer.paused = paused;
  }

  remove(id: number): void {
    this.#consumers.delete(id);
  }

  settled(message: number): void {
    const holder = this.#holders.get(message);
    if (holder !== undefined && this.#holders.delete(message)) holder.held--;
    const waiting = this.#aside.get(message);
    if (waiting !== undefined && this.#aside.delete(message)) waiting.aside--;
  }

  /** Counts on if as many as `prefetch` stand aside already. */
  standAside(message: number): void {
    const holder = this.#holders.get(message);
    if (holder === undefined || holder.aside >= holder.prefetch) return;
    this.#holders.delete(message);
    this.#aside.set(message, holder);
    holder.held--;
    holder.aside++;
  }

  /**
   * Hands out ready messages to consumers that may hold more. Several consumers of one queue get
   * equal shares.
   */
  handOut(store: Store): HandedOut[] {
    const handedOut: HandedOut[] = [];
    const hungry = Map.groupBy(
      [...this.#consumers.values()].filter(
        (consumer) => !consumer.paused && consumer.held < consumer.prefetch,
      ),
      ({ queue }) => queue,
    );
    for (const [queue, consumers] of hungry) {
      const wanted = consumers.reduce((sum, { held, prefetch }) => sum + prefetch - held, 0);
      let next = 0;
      for (const held of store.hold(queue, wanted)) {
        const consumer = mostHungry(consumers, next++);
        consumer.held++;
        this.#holders.set(held.id, consumer);
        handedOut.push({ consumer: consumer.id, ...held });
      }
    }
    return handedOut;
  }

  /** Returns a function that undoes what follows. */
  save(): () => void {
    const consumers = [...this.#consumers.values()].map((consumer) => ({ consumer, ...consumer }));
    const holders = new Map(this.#holders);
    const aside = new Map(this.#aside);
    return () => {
      this.#consumers = new Map(consumers.map(({ consumer }) => [consumer.id, consumer]));
      for (const { consumer, held, aside, paused } of consumers)
        Object.assign(consumer, { held, aside, paused });
      this.#holders = holders;
      this.#aside = aside;
    };
  }
}

/**
 * Returns the consumer that is to be first, if it may hold more. Otherwise the first that may,
 * beginning with a different one each time.
 */
function mostHungry(consumers: readonly Consumer[], turn: number): Consumer {
  const first = consumers.find(({ isFirst, held, prefetch }) => isFirst && held < prefetch);
  if (first !== undefined) return first;
  for (let step = 0; step < consumers.length; step++) {
    const consumer = consumers[(turn + step) % consumers.length];
    if (consumer && consumer.held < consumer.prefetch) return consumer;
  }
  throw new Error("more messages were held than consumers wanted");
}
