import { type Delay, delayOf, type Message, type QueueName, type Verdict } from "@brigade/core";
import type { ConsumeMessage, MessageProperties } from "amqplib";
import { deliveriesOf, hasWaited, wasGivenBack } from "./headers.ts";
import type { OwnLosses } from "./own-losses.ts";
import { buried, givenBack, type Parcel, parcelsOf, postponed } from "./parcel.ts";
import type { Publisher } from "./publisher.ts";
import type { Reception } from "./reception.ts";

/** A verdict, or `postpone`: it comes again after the delay, as it is. */
export type Settlement = Verdict | { readonly kind: "postpone"; readonly delay: Delay };
interface Surroundings {
  readonly reception: Reception;
  readonly publisher: Publisher;
  readonly losses: OwnLosses;
}

/**
 * A message that the broker holds for us until it is acked. Settled once: the first word counts. What it causes is
 * confirmed before the ack; when the channel dies before that, nothing was settled, and it comes again.
 */
export class Held {
  readonly #queue: QueueName;
  readonly #raw: ConsumeMessage;
  readonly #around: Surroundings;
  #settlement: Promise<void> | undefined;
  #isAcked = false;
  /** Milliseconds of a clock that nobody sets. */
  readonly since = performance.now();
  /** What is to come later in its place, when it cannot be held any longer; known while it is handled. */
  remainder: (() => Promise<readonly Message[]>) | undefined;

  constructor(queue: QueueName, raw: ConsumeMessage, around: Surroundings) {
    this.#queue = queue;
    this.#raw = raw;
    this.#around = around;
  }

  get body(): Buffer {
    return this.#raw.content;
  }

  get id(): unknown {
    return this.#raw.properties.messageId;
  }

  /** What it says of itself beside its body. */
  get properties(): MessageProperties {
    return this.#raw.properties;
  }

  /** For the first time, from a wait queue. */
  get hasWaited(): boolean {
    const { fields, properties } = this.#raw;
    return !fields.redelivered && hasWaited(properties.headers, this.#queue.source);
  }

  /** How often a consumer died over it. */
  get deliveries(): number {
    return Math.max(0, deliveriesOf(this.#raw.properties.headers) - this.#around.losses.of(this.id));
  }

  get isRepeated(): boolean {
    const { fields, properties } = this.#raw;
    return fields.redelivered || wasGivenBack(properties.headers);
  }

  /** Aborted when it is not ours any more. */
  get signal(): AbortSignal {
    return this.#around.reception.deliveries;
  }

  get isSettled(): boolean {
    return this.#settlement !== undefined;
  }

  settle(verdict: Settlement): Promise<void> {
    this.#settlement ??= this.#settle(this.#parcelsOf(verdict));
    return this.#settlement;
  }

  /** The broker takes what is left of it for later. Does nothing when it is settled meanwhile. */
  async handOver(): Promise<void> {
    const remainder = (await this.remainder?.()) ?? [];
    await this.settle({
      kind: "retry",
      remainder: remainder.map(marked),
      delay: delayOf(Number.POSITIVE_INFINITY),
    });
  }

  /** To be called when the channel of this reception is gone. */
  noteLoss(reception: Reception): void {
    if (reception === this.#around.reception && !this.#isAcked) this.#around.losses.note(this.id);
  }

  #parcelsOf(verdict: Settlement): Parcel[] {
    switch (verdict.kind) {
      case "ack":
        return [];
      case "retry":
        return verdict.remainder.flatMap((message) => parcelsOf(message, verdict.delay));
      case "reject":
        return [buried(this.#queue, this.#raw, verdict.reason)];
      case "postpone":
        return [postponed(this.#queue, this.#raw, verdict.delay)];
      case "release":
        // The broker's own way of giving back counts as a delivery.
        return [givenBack(this.#queue, this.#raw, this.deliveries)];
    }
  }

  async #settle(parcels: readonly Parcel[]): Promise<void> {
    const { publisher, reception, losses } = this.#around;
    const { lost } = reception;
    try {
      await publisher.publish(parcels, lost);
      reception.ack(this.#raw);
      this.#isAcked = !lost.aborted;
      losses.forget(this.id);
    } catch (error) {
      if (!lost.aborted) throw error;
    }
  }
}

function marked(message: Message): Message {
  return message.type === "files" || message.type === "directory" ? { ...message, inHand: true } : message;
}
