import { randomUUID } from "node:crypto";
import type { Channel, ChannelModel } from "amqplib";
import { guard, type Life, type Session } from "../connecting/link.ts";
import { Probe } from "../connecting/probe.ts";
import type { Parcel } from "../messages/parcel.ts";
import { type Arrival, Lane } from "./lane.ts";
import { Stillness } from "./stillness.ts";

/**
 * Milliseconds that a channel is used at least: the pace of new channels while every message is
 * refused.
 */
const shortestLane = 1_000;
/**
 * After this many channels in a row on which nothing was accepted, a new connection is opened: to
 * another node, maybe.
 */
const emptyLanes = 5;

/** The broker has not accepted a message, although the connection works. */
export class NotAccepted extends Error {
  override readonly name = "NotAccepted";
  /** There is no such exchange (yet), or no queue is bound to it. */
  readonly noRoute: boolean;

  constructor(message: string, options: ErrorOptions & { noRoute: boolean }) {
    super(message, options);
    this.noRoute = options.noRoute;
  }
}

/**
 * Milliseconds without a confirmation, and without an alarm, after which the broker counts as away.
 */
export const confirmWithin = 30_000;

export interface SenderOptions {
  /** The user of this connection. The broker refuses messages that name another. */
  readonly user: string;
  /** Milliseconds without any confirmation after which the connection is opened anew. */
  readonly confirmWithin?: number;
}

/**
 * Publishes over one connection. If a confirm channel refuses a message, the sender changes to a
 * new channel.
 */
export class Sender implements Session {
  readonly #model: ChannelModel;
  readonly #probe: Probe;
  readonly #life: Life;
  readonly user: string;
  /** The channel for the next message. */
  #lane: Lane;
  /** Set while the next channel is being opened. */
  #nextLane: Promise<void> | undefined;
  #emptyLanes = 0;
  /**
   * Exchanges that are known to exist. Publishing to a missing one ends the channel, with all that
   * is under way on it.
   */
  readonly #known = new Map<string, Promise<boolean>>();
  readonly #unconfirmed = new Stillness();

  private constructor(model: ChannelModel, lane: Lane, life: Life, user: string) {
    this.#model = model;
    this.user = user;
    this.#lane = lane;
    this.#probe = new Probe(model, life);
    this.#life = life;
  }

  static async open(model: ChannelModel, life: Life, options: SenderOptions): Promise<Sender> {
    const sender = new Sender(model, await Lane.open(model, life), life, options.user);
    if (options.confirmWithin !== undefined) sender.#expectConfirms(options.confirmWithin);
    return sender;
  }

  get lost(): AbortSignal {
    return this.#life.lost;
  }

  /**
   * Resolves when a queue has stored it. Rejects with NotAccepted, or with any error if the session
   * is lost.
   */
  async send({ key, content, type, headers, ...way }: Parcel): Promise<void> {
    const exchange = (await this.#isThere(way.exchange)) ? way.exchange : await this.#undivided(way);
    const properties = {
      messageId: randomUUID(),
      headers,
      mandatory: true,
      persistent: true,
      contentType: "application/json",
      appId: "brigade",
      userId: this.user,
      timestamp: Math.floor(Date.now() / 1_000),
      ...(type === undefined ? {} : { type }),
    };
    if (this.#nextLane !== undefined) await this.#nextLane;
    const lane = this.#lane;
    let arrival: Arrival;
    this.#unconfirmed.begin();
    try {
      arrival = await lane.send({ exchange, key, content, properties });
      this.#emptyLanes = 0;
    } catch (error) {
      if (this.lost.aborted) throw error;
      this.#refusedBy(lane);
      throw new NotAccepted(`the broker has refused a message for ${exchange}`, {
        noRoute: false,
        cause: error,
      });
    } finally {
      this.#unconfirmed.moved();
      this.#unconfirmed.end();
    }
    if (arrival === "unroutable")
      throw new NotAccepted(`no queue of ${exchange} takes "${key}" (\`brigade start\` makes it)`, {
        noRoute: true,
      });
  }

  /**
   * Resolves when the broker confirms a message without a destination, or if there is no such
   * exchange.
   */
  async ask(exchange: string): Promise<void> {
    if (!(await this.#isThere(exchange))) return;
    const properties = { messageId: randomUUID(), mandatory: false, persistent: false, appId: "brigade" };
    await this.#lane.send({ exchange, key: "nowhere", content: Buffer.alloc(0), properties });
  }

  /** One more channel. Its end does not end the session. */
  async openChannel(life: Pick<Life, "lose">): Promise<Channel> {
    return guard(await this.#model.createChannel(), life);
  }

  async close(): Promise<void> {
    await this.#lane.close();
  }

  async #undivided({ exchange, undivided }: Pick<Parcel, "exchange" | "undivided">): Promise<string> {
    if (exchange !== undivided && (await this.#isThere(undivided))) return undivided;
    throw new NotAccepted(`there is no exchange ${exchange} (\`brigade start\` makes it)`, { noRoute: true });
  }

  #refusedBy(lane: Lane): void {
    if (lane !== this.#lane || lane.age < shortestLane || this.#nextLane !== undefined) return;
    if (++this.#emptyLanes >= emptyLanes) {
      this.#life.lose(new Error("the broker refuses every message"));
      return;
    }
    this.#nextLane = this.#changeLane().catch((error: unknown) => this.#life.lose(error));
  }

  async #changeLane(): Promise<void> {
    const left = this.#lane;
    this.#lane = await Lane.open(this.#model, this.#life);
    this.#nextLane = undefined;
    left.leave();
  }

  /**
   * Without an alarm, confirmations that do not come may be lost with a node: then a new connection
   * is opened.
   */
  #expectConfirms(within: number): void {
    let isBlocked = false;
    this.#model.on("blocked", () => {
      isBlocked = true;
    });
    this.#model.on("unblocked", () => {
      isBlocked = false;
      this.#unconfirmed.moved();
    });
    const timer = setInterval(() => {
      if (isBlocked || this.#unconfirmed.ms < within) return;
      this.#life.lose(new Error(`the broker has confirmed nothing for ${Math.round(within / 1_000)} s`));
    }, within / 4).unref();
    this.lost.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  async #isThere(exchange: string): Promise<boolean> {
    const known = this.#known.get(exchange) ?? this.#probe.hasExchange(exchange);
    this.#known.set(exchange, known);
    const isThere = await known;
    if (!isThere) this.#known.delete(exchange);
    return isThere;
  }
}
