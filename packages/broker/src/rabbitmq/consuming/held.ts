import { type Delivery, delayOf, type Message, type QueueName, returnsOf, type Verdict } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import { authorOf, refusalReason } from "../messages/author.ts";
import type { Division } from "../messages/division.ts";
import { deliveriesOf, hasWaited, wasGivenBack } from "../messages/headers.ts";
import { buried, givenBack, type Made, type Parcel, parcelsOf, postponed } from "../messages/parcel.ts";
import type { Publisher } from "../publishing/publisher.ts";
import type { OwnLosses } from "./own-losses.ts";
import type { Reception } from "./reception.ts";

interface Surroundings {
  readonly reception: Reception;
  readonly publisher: Publisher;
  readonly losses: OwnLosses;
  readonly division: Division;
}

/**
 * A delivery that is not acknowledged yet. Only the first verdict counts. What the verdict causes
 * is confirmed before the acknowledgement. If the channel is lost before that, nothing was settled,
 * and the message comes again.
 */
export class Held {
  readonly #queue: QueueName;
  readonly #raw: ConsumeMessage;
  readonly #around: Surroundings;
  #settlement: Promise<void> | undefined;
  #isAcked = false;
  /** When it arrived: milliseconds of the monotonic clock. */
  readonly since = performance.now();
  /** Resolves with what comes later in its place if it is handed over; set while it is handled. */
  #remainder: (() => Promise<readonly Message[]>) | undefined;
  /** Set when it is handled. */
  #message: Message | undefined;

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

  /** Returns who made the message, and a `reason` if it is not accepted. */
  judge(message: Message, isRequired: boolean): { author: string; reason: string | undefined } {
    const isDivided = this.#isDivided();
    const author = authorOf(this.#raw, isDivided);
    return { author, reason: refusalReason(message, author, this.#raw, { isRequired, isDivided }) };
  }

  /** Whether it comes from a wait queue, for the first time. */
  get hasWaited(): boolean {
    const { fields, properties } = this.#raw;
    return !fields.redelivered && hasWaited(properties.headers, this.#queue.source);
  }

  /** How many consumers died while they had it in hand. */
  get deliveries(): number {
    return Math.max(0, deliveriesOf(this.#raw.properties.headers) - this.#around.losses.of(this.id));
  }

  get #isRepeated(): boolean {
    const { fields, properties } = this.#raw;
    return fields.redelivered || wasGivenBack(properties.headers);
  }

  /** Aborted when it belongs to this process no more. */
  get signal(): AbortSignal {
    return this.#around.reception.deliveries;
  }

  get isSettled(): boolean {
    return this.#settlement !== undefined;
  }

  /** What its handler gets. To be called once, when it is decoded and accepted. */
  deliveryOf(message: Message, known: Pick<Delivery, "author" | "deliveries" | "standAside">): Delivery {
    this.#message = message;
    this.#remainder = async () => [message];
    return {
      queue: this.#queue,
      message,
      ...known,
      isRepeated: this.#isRepeated,
      signal: this.signal,
      onOverdue: (remainder) => {
        this.#remainder = remainder;
      },
    };
  }

  /**
   * Returns the messages that this verdict puts into a wait queue, as far as they could be decoded.
   */
  waiting(verdict: Verdict): readonly Message[] {
    if (verdict.kind === "retry") return returnsOf(verdict).map(({ message }) => message);
    return verdict.kind === "postpone" && this.#message ? [this.#message] : [];
  }

  settle(verdict: Verdict): Promise<void> {
    this.#settlement ??= this.#settle(verdict);
    return this.#settlement;
  }

  /**
   * Publishes for later what is left of it, and acknowledges it. Does nothing if it is settled
   * meanwhile.
   */
  async handOver(): Promise<void> {
    const delay = delayOf(Number.POSITIVE_INFINITY);
    // Another process made it: it must keep its author.
    if (this.#queue.queue === "records") return await this.settle({ kind: "postpone", delay });
    const remainder = (await this.#remainder?.()) ?? [];
    await this.settle({ kind: "retry", remainder: remainder.map(marked), delay });
  }

  /** `waits`: whether it has been received, and nothing is done about it yet. */
  wait(waits: boolean): void {
    this.#around.reception.intake.add(waits ? this.body.length : -this.body.length);
  }

  /** To be called when the channel of this reception is gone. */
  noteLoss(reception: Reception): void {
    if (reception === this.#around.reception && !this.#isAcked) this.#around.losses.note(this.id);
  }

  #isDivided(): boolean {
    const { reception, division } = this.#around;
    const { source, queue } = this.#queue;
    return division.of(source, queue, this.#raw, (name) => reception.hasExchange(name));
  }

  #made(): Made {
    return { raw: this.#raw, author: authorOf(this.#raw, this.#isDivided()) };
  }

  #parcelsOf(verdict: Verdict): Parcel[] {
    switch (verdict.kind) {
      case "ack":
        return [];
      case "retry":
        return returnsOf(verdict).flatMap(({ message, delay }) => parcelsOf(message, delay));
      case "reject":
        return [buried(this.#queue, this.#made(), verdict.reason)];
      case "postpone":
        return [postponed(this.#queue, this.#made(), verdict.delay)];
      case "release":
        // Not by basic.nack: the broker would count a delivery.
        return [givenBack(this.#queue, this.#made(), this.deliveries)];
    }
  }

  async #settle(verdict: Verdict): Promise<void> {
    const { publisher, reception, losses } = this.#around;
    const { lost } = reception;
    try {
      await publisher.publish(this.#parcelsOf(verdict), lost);
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
