import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { guard } from "../connecting/guard.ts";
import type { Life, Session } from "../connecting/link.ts";
import { Probe } from "../connecting/probe.ts";

export interface Consumer {
  /** Before other consumers of the queue. */
  readonly isFirst: boolean;
  accept(raw: ConsumeMessage): void;
  /** The broker ends the consumer (its queue is gone, or the node of it); what it has delivered can still be acked. */
  ended(): void;
}

/** Consumes on one channel. */
export class Reception implements Session {
  readonly #model: ChannelModel;
  readonly #channel: Channel;
  readonly #probe: Probe;
  readonly #life: Life;
  readonly #deliveries = new AbortController();

  private constructor(model: ChannelModel, channel: Channel, life: Life) {
    this.#model = model;
    this.#channel = channel;
    this.#probe = new Probe(model, life);
    this.#life = life;
    life.lost.addEventListener("abort", () => this.abandon(life.lost.reason), { once: true });
  }

  static async open(model: ChannelModel, life: Life): Promise<Reception> {
    const channel = guard(await model.createChannel(), life);
    return new Reception(model, channel, life);
  }

  /** Aborted when the channel is gone: nothing can be settled any more. */
  get lost(): AbortSignal {
    return this.#life.lost;
  }

  /** Aborted when the deliveries are their handlers' no more, at the latest when the channel is gone. */
  get deliveries(): AbortSignal {
    return this.#deliveries.signal;
  }

  /** Ends the session: nothing that was delivered counts any more. */
  lose(reason: unknown): void {
    this.#life.lose(reason);
  }

  abandon(reason: unknown): void {
    this.#deliveries.abort(reason);
  }

  /** Resolves with the consumer's tag. */
  async consume(queue: string, prefetch: number, { accept, ended, isFirst }: Consumer): Promise<string> {
    const receive = (raw: ConsumeMessage | null) => {
      if (raw === null) ended();
      else accept(raw);
    };
    // In one turn: the prefetch is for the next consumer of this channel.
    const [, { consumerTag }] = await Promise.all([
      this.#channel.prefetch(prefetch),
      this.#channel.consume(queue, receive, isFirst ? { priority: 1 } : {}),
    ]);
    return consumerTag;
  }

  /** What was on its way here has arrived when this resolves. */
  async cancel(consumerTag: string): Promise<void> {
    await this.#channel.cancel(consumerTag);
  }

  /** Does nothing when the channel is gone: the message comes again. */
  ack(raw: ConsumeMessage): void {
    if (!this.lost.aborted) this.#channel.ack(raw);
  }

  /** Ready messages; undefined when there is no such queue. */
  messageCount(queue: string): Promise<number | undefined> {
    return this.#probe.messageCount(queue);
  }

  hasExchange(exchange: string): Promise<boolean> {
    return this.#probe.hasExchange(exchange);
  }

  /** One more, whose end is not the session's. */
  async openChannel(life: Pick<Life, "lose">): Promise<Channel> {
    return guard(await this.#model.createChannel(), life);
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
