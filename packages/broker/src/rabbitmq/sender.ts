import { randomUUID } from "node:crypto";
import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";
import { guard } from "./guard.ts";
import type { Life, Session } from "./link.ts";
import type { Parcel } from "./parcel.ts";
import { Probe } from "./probe.ts";

/** The broker has not taken a message, and the connection is well. */
export class NotTaken extends Error {
  override readonly name = "NotTaken";
  /** There is no exchange, or no queue behind it (yet). */
  readonly noRoute: boolean;

  constructor(message: string, options: ErrorOptions & { noRoute: boolean }) {
    super(message, options);
    this.noRoute = options.noRoute;
  }
}

/** Publishes on one confirm channel. */
export class Sender implements Session {
  readonly #model: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #probe: Probe;
  readonly #life: Life;
  /** Exchanges that are known to be there: publishing to a missing one costs the channel, with all that is on it. */
  readonly #known = new Map<string, Promise<boolean>>();
  /** Ids of messages that came back unroutable; their confirmation follows. */
  readonly #returned = new Set<unknown>();

  private constructor(model: ChannelModel, channel: ConfirmChannel, life: Life) {
    this.#model = model;
    this.#channel = channel;
    this.#probe = new Probe(model, life);
    this.#life = life;
    channel.on("return", ({ properties }) => this.#returned.add(properties.messageId));
  }

  static async open(model: ChannelModel, life: Life): Promise<Sender> {
    const channel = guard(await model.createConfirmChannel(), life);
    return new Sender(model, channel, life);
  }

  get lost(): AbortSignal {
    return this.#life.lost;
  }

  /** Resolves when a queue has it for good. Rejects with NotTaken; with anything when the session is lost. */
  async send({ exchange, key, content, type, headers }: Parcel): Promise<void> {
    if (!(await this.#isThere(exchange)))
      throw new NotTaken(`there is no exchange ${exchange} (\`brigade start\` makes it)`, { noRoute: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const messageId = randomUUID();
    const properties = {
      messageId,
      headers,
      mandatory: true,
      persistent: true,
      contentType: "application/json",
      appId: "brigade",
      timestamp: Math.floor(Date.now() / 1_000),
      ...(type === undefined ? {} : { type }),
    };
    this.#channel.publish(exchange, key, content, properties, (error: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
    try {
      await promise;
    } catch (error) {
      if (this.lost.aborted) throw error;
      throw new NotTaken("the broker has refused a message", { noRoute: false, cause: error });
    }
    if (this.#returned.delete(messageId))
      throw new NotTaken(`no queue of ${exchange} takes "${key}" (\`brigade start\` makes it)`, {
        noRoute: true,
      });
  }

  /** One more, whose end is not the session's. */
  async openChannel(life: Pick<Life, "lose">): Promise<Channel> {
    return guard(await this.#model.createChannel(), life);
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  async #isThere(exchange: string): Promise<boolean> {
    const known = this.#known.get(exchange) ?? this.#probe.hasExchange(exchange);
    this.#known.set(exchange, known);
    const isThere = await known;
    if (!isThere) this.#known.delete(exchange);
    return isThere;
  }
}
