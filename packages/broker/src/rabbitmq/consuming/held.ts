import { delayOf, type Message, type QueueName, type Verdict } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import { authorOf, disbelief } from "../messages/author.ts";
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
  /** Once it is decoded. */
  message: Message | undefined;

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

  /** Who has made what it holds, and why that is not believed; without a reason it is. */
  async judge(
    message: Message,
    isRequired: boolean,
  ): Promise<{ author: string; reason?: string | undefined }> {
    const isDivided = await this.#isDivided();
    const author = authorOf(this.#raw, isDivided);
    return { author, reason: disbelief(message, author, this.#raw, { isRequired, isDivided }) };
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

  /** What has gone to a wait queue with this verdict, as far as it could be decoded. */
  waiting(verdict: Verdict): readonly Message[] {
    if (verdict.kind === "retry") return verdict.remainder;
    return verdict.kind === "postpone" && this.message ? [this.message] : [];
  }

  settle(verdict: Verdict): Promise<void> {
    this.#settlement ??= this.#settle(verdict);
    return this.#settlement;
  }

  /** The broker takes what is left of it for later. Does nothing when it is settled meanwhile. */
  async handOver(): Promise<void> {
    const delay = delayOf(Number.POSITIVE_INFINITY);
    // Others have made it: it keeps its author.
    if (this.#queue.queue === "records") return await this.settle({ kind: "postpone", delay });
    const remainder = (await this.remainder?.()) ?? [];
    await this.settle({ kind: "retry", remainder: remainder.map(marked), delay });
  }

  /** To be called when the channel of this reception is gone. */
  noteLoss(reception: Reception): void {
    if (reception === this.#around.reception && !this.#isAcked) this.#around.losses.note(this.id);
  }

  #isDivided(): boolean | Promise<boolean> {
    const { reception, division } = this.#around;
    const { source, queue } = this.#queue;
    return division.of(source, queue, this.#raw, (name) => reception.hasExchange(name));
  }

  async #made(): Promise<Made> {
    return { raw: this.#raw, author: authorOf(this.#raw, await this.#isDivided()) };
  }

  async #parcelsOf(verdict: Verdict): Promise<Parcel[]> {
    switch (verdict.kind) {
      case "ack":
        return [];
      case "retry":
        return verdict.remainder.flatMap((message) => parcelsOf(message, verdict.delay));
      case "reject":
        return [buried(this.#queue, await this.#made(), verdict.reason)];
      case "postpone":
        return [postponed(this.#queue, await this.#made(), verdict.delay)];
      case "release":
        // The broker's own way of giving back counts as a delivery.
        return [givenBack(this.#queue, await this.#made(), this.deliveries)];
    }
  }

  async #settle(verdict: Verdict): Promise<void> {
    const { publisher, reception, losses } = this.#around;
    const { lost } = reception;
    try {
      await publisher.publish(await this.#parcelsOf(verdict), lost);
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
