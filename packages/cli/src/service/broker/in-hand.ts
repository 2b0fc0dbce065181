import type { Broker, Holding } from "@brigade/core";
import { withHandlers } from "./wrapped-broker.ts";

interface Hand {
  deliveries: number;
  /** Bytes that came, as they were counted last. */
  bytes: number;
  /** When something moved last, by `performance.now()`. */
  movedAt: number;
  readonly received: (() => number)[];
}

/** What a service has in hand of each source, and since when none of it has moved. */
export class InHand {
  readonly #hands = new Map<string, Hand>();

  /** Adds a counter of bytes that come for a source. It is read when `of` is called. */
  count(source: string, received: () => number): void {
    this.#of(source).received.push(received);
  }

  of(source: string): Holding {
    const hand = this.#of(source);
    const bytes = hand.received.reduce((sum, received) => sum + received(), 0);
    if (bytes !== hand.bytes) this.#moved(hand);
    hand.bytes = bytes;
    const quietMs = Math.round(performance.now() - hand.movedAt);
    return { deliveries: hand.deliveries, bytes, quietMs };
  }

  /** Returns the same broker. What goes through it is counted. */
  following(broker: Broker): Broker {
    const followed = withHandlers(broker, (handle, { source }) => async (delivery) => {
      const hand = this.#of(source);
      hand.deliveries++;
      this.#moved(hand);
      try {
        return await handle(delivery);
      } finally {
        hand.deliveries--;
        this.#moved(hand);
      }
    });
    return {
      ...followed,
      publish: async (messages) => {
        await broker.publish(messages);
        for (const { job } of messages) this.#moved(this.#of(job.source));
      },
    };
  }

  #of(source: string): Hand {
    const known = this.#hands.get(source);
    if (known !== undefined) return known;
    const hand: Hand = { deliveries: 0, bytes: 0, movedAt: performance.now(), received: [] };
    this.#hands.set(source, hand);
    return hand;
  }

  #moved(hand: Hand): void {
    hand.movedAt = performance.now();
  }
}
