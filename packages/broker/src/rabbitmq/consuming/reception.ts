import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { guard, type Life, type Session } from "../connecting/link.ts";
import { Probe } from "../connecting/probe.ts";
import { Intake } from "./intake.ts";

export interface Consumer {
  /** Whether this consumer gets messages before others of the queue. */
  readonly isFirst: boolean;
  accept(raw: ConsumeMessage): void;
  /**
   * Called when the broker ends the consumer (basic.cancel). What it has delivered can still be
   * acknowledged.
   */
  ended(): void;
}

/** What is consumed over one connection: one channel for deliveries and their acknowledgements. */
export class Reception implements Session {
  readonly #model: ChannelModel;
  readonly #channel: Channel;
  readonly #probe: Probe;
  readonly #life: Life;
  readonly #deliveries = new AbortController();
  readonly intake: Intake;

  private constructor(model: ChannelModel, channel: Channel, life: Life) {
    this.#model = model;
    this.#channel = channel;
    this.#probe = new Probe(model, life);
    this.intake = new Intake(model);
    this.#life = life;
    life.lost.addEventListener("abort", () => this.abandon(life.lost.reason), { once: true });
  }

  static async open(model: ChannelModel, life: Life): Promise<Reception> {
    const channel = guard(await model.createChannel(), life);
    return new Reception(model, channel, life);
  }

  /** Aborted when the channel is gone: nothing can be acknowledged any more. */
  get lost(): AbortSignal {
    return this.#life.lost;
  }

  /**
   * The signal of all deliveries: aborted when they are given back, at the latest when the channel
   * is gone.
   */
  get deliveries(): AbortSignal {
    return this.#deliveries.signal;
  }

  /** Ends the session: nothing that was delivered over it can be acknowledged any more. */
  lose(reason: unknown): void {
    this.#life.lose(reason);
  }

  /**
   * Tells the handlers to stop. The channel stays open, so that their messages can be given back.
   */
  abandon(reason: unknown): void {
    this.#deliveries.abort(reason);
  }

  /** Resolves with the consumer's tag. */
  async consume(queue: string, prefetch: number, { accept, ended, isFirst }: Consumer): Promise<string> {
    const receive = (raw: ConsumeMessage | null) => {
      if (raw === null) ended();
      else accept(raw);
    };
    // Both are sent at once: the prefetch applies to the next consumer of this channel.
    const [, { consumerTag }] = await Promise.all([
      this.#channel.prefetch(prefetch),
      this.#channel.consume(queue, receive, isFirst ? { priority: 1 } : {}),
    ]);
    return consumerTag;
  }

  /** Resolves when all that was on its way to this consumer has arrived. */
  async cancel(consumerTag: string): Promise<void> {
    await this.#channel.cancel(consumerTag);
  }

  /** Does nothing if the channel is gone: the broker delivers the message again. */
  ack(raw: ConsumeMessage): void {
    if (!this.lost.aborted) this.#channel.ack(raw);
  }

  /** Resolves with the number of ready messages; `undefined` if there is no such queue. */
  messageCount(queue: string): Promise<number | undefined> {
    return this.#probe.messageCount(queue);
  }

  hasExchange(exchange: string): Promise<boolean> {
    return this.#probe.hasExchange(exchange);
  }

  /** One more channel. Its end does not end the session. */
  async openChannel(life: Pick<Life, "lose">): Promise<Channel> {
    return guard(await this.#model.createChannel(), life);
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
