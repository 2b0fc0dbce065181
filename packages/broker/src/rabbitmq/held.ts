import type { Delay, QueueName, Verdict } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import { deliveriesOf, hasWaited } from "./headers.ts";
import { buried, givenBack, type Parcel, parcelOf, postponed } from "./parcel.ts";
import type { Publisher } from "./publisher.ts";
import type { Reception } from "./reception.ts";

/** A verdict, or `postpone`: it comes again after the delay, as it is. */
export type Settlement = Verdict | { readonly kind: "postpone"; readonly delay: Delay };

/**
 * A message that the broker holds for us until it is acked. Settled once: the first word counts. What it causes is
 * confirmed before the ack; when the channel dies before that, nothing was settled, and it comes again.
 */
export class Held {
  readonly #queue: QueueName;
  readonly #raw: ConsumeMessage;
  readonly #reception: Reception;
  readonly #publisher: Publisher;
  #settlement: Promise<void> | undefined;

  constructor(queue: QueueName, raw: ConsumeMessage, reception: Reception, publisher: Publisher) {
    this.#queue = queue;
    this.#raw = raw;
    this.#reception = reception;
    this.#publisher = publisher;
  }

  get text(): string {
    return this.#raw.content.toString("utf8");
  }

  get id(): unknown {
    return this.#raw.properties.messageId;
  }

  /** For the first time, from a wait queue. */
  get hasWaited(): boolean {
    const { fields, properties } = this.#raw;
    return !fields.redelivered && hasWaited(properties.headers, this.#queue.source);
  }

  get deliveries(): number {
    return deliveriesOf(this.#raw.properties.headers);
  }

  /** Aborted when it is not ours any more. */
  get signal(): AbortSignal {
    return this.#reception.deliveries;
  }

  settle(verdict: Settlement): Promise<void> {
    this.#settlement ??= this.#settle(this.#parcelsOf(verdict));
    return this.#settlement;
  }

  #parcelsOf(verdict: Settlement): Parcel[] {
    switch (verdict.kind) {
      case "ack":
        return [];
      case "retry":
        return verdict.remainder.map((message) => parcelOf(message, verdict.delay));
      case "reject":
        return [buried(this.#queue, this.#raw, verdict.reason)];
      case "postpone":
        return [postponed(this.#queue, this.#raw, verdict.delay)];
      case "release":
        // The broker's own way of giving back counts as a delivery.
        return [givenBack(this.#queue, this.#raw)];
    }
  }

  async #settle(parcels: readonly Parcel[]): Promise<void> {
    const { lost } = this.#reception;
    try {
      await this.#publisher.publish(parcels, lost);
      this.#reception.ack(this.#raw);
    } catch (error) {
      if (!lost.aborted) throw error;
    }
  }
}
