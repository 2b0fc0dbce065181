import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import type { Life } from "../connecting/link.ts";

/** One message, ready for the wire: where it goes, and what it is. */
export interface Consignment {
  readonly exchange: string;
  readonly key: string;
  readonly content: Buffer;
  readonly properties: Options.Publish & { readonly messageId: string };
}

/**
 * What became of a message that the broker has confirmed: a queue has it, or no queue is bound to
 * its key.
 */
export type Arrival = "accepted" | "unroutable";

/**
 * One confirm channel. The broker keeps the leader of each queue per channel. A channel that
 * refused a message goes on refusing after another node has become the leader, so the sender
 * changes to a new one.
 */
export class Lane {
  readonly #channel: ConfirmChannel;
  /** Ids of messages that came back as unroutable; their confirmation follows. */
  readonly #returned = new Set<unknown>();
  readonly #openedAt = performance.now();
  #underWay = 0;
  #isLeft = false;

  private constructor(channel: ConfirmChannel, life: Pick<Life, "lose">) {
    this.#channel = channel;
    channel.on("return", ({ properties }) => this.#returned.add(properties.messageId));
    channel.on("error", (error) => life.lose(error));
    channel.on("close", () => {
      if (!this.#isLeft) life.lose(new Error("the channel was closed"));
    });
  }

  static async open(model: ChannelModel, life: Pick<Life, "lose">): Promise<Lane> {
    return new Lane(await model.createConfirmChannel(), life);
  }

  /** Milliseconds since it was opened. */
  get age(): number {
    return performance.now() - this.#openedAt;
  }

  /** Rejects when the broker refuses the message, or the channel ends. */
  async send({ exchange, key, content, properties }: Consignment): Promise<Arrival> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#underWay++;
    try {
      this.#channel.publish(exchange, key, content, properties, (error: Error | null) => {
        if (error) reject(error);
        else resolve();
      });
      await promise;
      return this.#returned.delete(properties.messageId) ? "unroutable" : "accepted";
    } finally {
      this.#underWay--;
      this.#closeWhenIdle();
    }
  }

  /**
   * To be called when nothing more is sent here. The channel closes when all that is under way has
   * been answered.
   */
  leave(): void {
    this.#isLeft = true;
    this.#closeWhenIdle();
  }

  async close(): Promise<void> {
    this.#isLeft = true;
    await this.#channel.close();
  }

  #closeWhenIdle(): void {
    // It may be closed already: that is no error.
    if (this.#isLeft && this.#underWay === 0) void this.#channel.close().catch(() => undefined);
  }
}
