import { mostBytesInHand } from "../in-hand.ts";
import type { HandedOut } from "./protocol.ts";
import type { Store } from "./store.ts";

interface Consumer {
  readonly id: number;
  readonly queue: number;
  prefetch: number;
  /** Whether it gets messages before others of its queue. */
  readonly isFirst: boolean;
  /** Messages that count against `prefetch`. */
  held: number;
  /** The size of their bodies. */
  bytes: number;
  aside: number;
  paused: boolean;
}

interface Holder {
  readonly consumer: Consumer;
  /** The size of the message's body. */
  readonly bytes: number;
}

/**
 * Who consumes what, and which message is held for whom. It ends with the process; the tables know
 * what is held.
 */
export class Consumers {
  #consumers = new Map<number, Consumer>();
  /** By message. */
  #holders = new Map<number, Holder>();
  /** The same for messages that stand aside. */
  #aside = new Map<number, Consumer>();

  add(consumer: Pick<Consumer, "id" | "queue" | "prefetch" | "isFirst">): void {
    this.#consumers.set(consumer.id, { ...consumer, held: 0, bytes: 0, aside: 0, paused: false });
  }

  pause(id: number, paused: boolean): void {
    const consumer = this.#consumers.get(id);
    if (consumer) consumer.paused = paused;
  }

  setPrefetch(id: number, prefetch: number): void {
    const consumer = this.#consumers.get(id);
    if (consumer) consumer.prefetch = prefetch;
  }

  remove(id: number): void {
    this.#consumers.delete(id);
  }

  settled(message: number): void {
    this.#letGo(message);
    const waiting = this.#aside.get(message);
    if (waiting !== undefined && this.#aside.delete(message)) waiting.aside--;
  }

  /** Counts on if as many as `prefetch` stand aside already. */
  standAside(message: number): void {
    const consumer = this.#holders.get(message)?.consumer;
    if (consumer === undefined || consumer.aside >= consumer.prefetch) return;
    this.#letGo(message);
    this.#aside.set(message, consumer);
    consumer.aside++;
  }

  /**
   * Hands out ready messages to consumers that may hold more. Several consumers of one queue get
   * equal shares.
   */
  handOut(store: Store): HandedOut[] {
    const handedOut: HandedOut[] = [];
    const hungry = Map.groupBy(
      [...this.#consumers.values()].filter((consumer) => !consumer.paused && hasRoom(consumer)),
      ({ queue }) => queue,
    );
    for (const [queue, consumers] of hungry) {
      const wanted = consumers.reduce((sum, { held, prefetch }) => sum + prefetch - held, 0);
      let turn = 0;
      store.hold(queue, wanted, (held) => {
        const bytes = held.body.length;
        const consumer = mostHungry(consumers, bytes, turn++);
        if (consumer === undefined) return false;
        this.#hold(held.id, { consumer, bytes });
        handedOut.push({ consumer: consumer.id, ...held });
        return true;
      });
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
      for (const { consumer, prefetch, held, bytes, aside, paused } of consumers)
        Object.assign(consumer, { prefetch, held, bytes, aside, paused });
      this.#holders = holders;
      this.#aside = aside;
    };
  }

  #hold(message: number, holder: Holder): void {
    this.#holders.set(message, holder);
    holder.consumer.held++;
    holder.consumer.bytes += holder.bytes;
  }

  #letGo(message: number): void {
    const holder = this.#holders.get(message);
    if (holder === undefined) return;
    this.#holders.delete(message);
    holder.consumer.held--;
    holder.consumer.bytes -= holder.bytes;
  }
}

/** `more`: the size of one more message. If none is held, there is room for any size. */
function hasRoom({ held, prefetch, bytes }: Consumer, more = 0): boolean {
  return held < prefetch && (held === 0 || bytes + more <= mostBytesInHand);
}

/**
 * Returns the consumer that is to be first, if it may hold a message of this size. Otherwise the
 * first that may, beginning with a different one each time; `undefined` if none may.
 */
function mostHungry(consumers: readonly Consumer[], bytes: number, turn: number): Consumer | undefined {
  const may = (consumer: Consumer) => hasRoom(consumer, bytes);
  const first = consumers.find((consumer) => consumer.isFirst && may(consumer));
  if (first !== undefined) return first;
  const begin = turn % consumers.length;
  return consumers.slice(begin).find(may) ?? consumers.slice(0, begin).find(may);
}
