import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import type { Life } from "../connecting/link.ts";

/** Where a message goes, and what it is. */
export interface Consignment {
  readonly exchange: string;
  readonly key: string;
  readonly content: Buffer;
  readonly properties: Options.Publish & { readonly messageId: string };
}

/** What the broker says of a message that it has confirmed: a queue has it, or none does. */
export type Arrival = "taken" | "unroutable";

/**
 * One confirm channel. The broker's channel remembers who leads each queue: one that has refused a message goes on
 * refusing after another node leads, so the sender leaves it for a new one.
 */
export class Lane {
  readonly #channel: ConfirmChannel;
  /** Ids of messages that came back unroutable; their confirmation follows. */
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
      return this.#returned.delete(properties.messageId) ? "unroutable" : "taken";
    } finally {
      this.#underWay--;
      this.#closeWhenIdle();
    }
  }

  /** Nothing more is sent here; it is closed when what is under way has been answered. */
  leave(): void {
    this.#isLeft = true;
    this.#closeWhenIdle();
  }

  async close(): Promise<void> {
    this.#isLeft = true;
    await this.#channel.close();
  }

  #closeWhenIdle(): void {
    // A channel that is gone already is closed enough.
    if (this.#isLeft && this.#underWay === 0) void this.#channel.close().catch(() => undefined);
  }
}
