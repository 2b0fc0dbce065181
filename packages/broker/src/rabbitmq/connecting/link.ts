/*
 * The life of a connection to the broker. A process has two: one publishes, one consumes. Each
 * lives and breaks for itself, in this order:
 *
 * 1. Something ends it (the table below): `lose(reason)`. The first reason counts.
 * 2. `Life.lost` aborts. Handlers of its deliveries have to stop; these deliveries are noted as
 *    own losses, which are no deaths (consuming/own-losses.ts). Nothing is acknowledged any more.
 * 3. `session()` belongs to the next connection from now on: publishers and consumers wait for it.
 * 4. The old connection is closed in the background, and cut off if that is not answered in 5 s.
 * 5. `down(reason)`: logged once (connecting/connection-watch.ts).
 * 6. After 0.2 s to 10 s: a new connection to the next address, with new channels. If that fails:
 *    from 5 again, for ever.
 * 7. `session()` resolves, then `up()`: logged once.
 * 8. Publishing: all that was not confirmed is sent again. It may arrive twice (rule 2).
 * 9. Consuming: deliveries of the old connection that still waited for a place are dropped. Then
 *    the queue is consumed again, and the broker delivers anew what was not acknowledged.
 *
 * what happens                                what follows
 * connection lost, heartbeat missed           1 to 9
 * a channel is closed by the broker           1 to 9; not for channels of probes and of presence
 * a probe is answered neither yes nor no      1 to 9
 * no confirmation for 30 s, and no alarm      1 to 9
 * five channels in a row accept nothing       1 to 9; the new connection may lead to another node
 * a queue that is consumed is gone            1 to 9; consuming waits until `brigade start` makes it
 * a consumer is ended, its queue is there     it consumes anew after 0.2 s; the connection stays
 * a message is refused (basic.nack)           it is sent again after a pause, over a new channel: the
 *                                             old one may go by a leader that is dead
 * no exchange, or no queue bound to it        publishing waits until `brigade start` makes it
 * memory or disk alarm (connection.blocked)   publishing waits until the alarm ends; consuming goes on
 * wrong password, no right, bad certificate   5 with a FatalError once all addresses in a row have
 *                                             refused, each text once; attempts go on. Once there
 *                                             was a connection, a refused one is only logged: the
 *                                             broker may have come back without its users
 * the broker is disposed                      deliveries are given back within 5 s; what was sent is
 *                                             confirmed, the connection closed; `session()` rejects
 */
import { backoff, type Delayer, pausesOfBroker } from "@brigade/core";
import { type Channel, type ChannelModel, connect } from "amqplib";
import type { Address } from "./address.ts";
import { closeConnection, part } from "./farewell.ts";
import { refusalOf } from "./refusal.ts";
import { abortion, untilAborted } from "./until-aborted.ts";

/** Milliseconds for a connection and its handshake. */
const connectWithin = 10_000;
/** Milliseconds. After a connection that lived longer, the first pause is the shortest again. */
const calmAfter = 1_000;

/** From a connection's opening to its loss. */
export interface Life {
  /** Aborted when the connection is lost: nothing that belongs to it may be used any more. */
  readonly lost: AbortSignal;
  /** Ends it. The first reason counts. */
  lose(reason: unknown): void;
}

/**
 * Makes the end of this channel the end of the connection. Without listeners it would end the
 * process.
 */
export function guard<C extends Channel>(channel: C, life: Pick<Life, "lose">): C {
  channel.on("error", (error) => life.lose(error));
  channel.on("handler-error", (error) => life.lose(error));
  channel.on("close", () => life.lose(new Error("the channel was closed")));
  return channel;
}

/** What is built on each new connection, its listeners set, ready to be used. */
export interface Session {
  /** Ends it in order: resolves when all that was sent has been answered. */
  close(): Promise<void>;
}

export interface LinkOptions {
  /** Of the nodes of one cluster. A lost connection is followed by one to the next of them. */
  readonly addresses: readonly [Address, ...Address[]];
  readonly ca: string | undefined;
  readonly connectionName: string;
  readonly delay: Delayer;
  readonly random: (() => number) | undefined;
}

export interface LinkEvents {
  up(): void;
  /**
   * Not connected (any more). A FatalError means that we are refused; attempts go on all the same.
   */
  down(reason: unknown): void;
  /** The broker accepts no messages: a memory or disk alarm. */
  blocked(reason: string): void;
  unblocked(): void;
}

/**
 * Connects once. The caller must listen for `error` events at once: one without a listener ends the
 * process.
 */
export function openConnection(
  address: Address,
  { ca, connectionName }: Pick<LinkOptions, "ca" | "connectionName">,
) {
  return connect(address.connect, {
    timeout: connectWithin,
    noDelay: true,
    clientProperties: { connection_name: connectionName },
    ...(ca === undefined ? {} : { ca: [ca] }),
  });
}

/** One connection, opened anew whenever it is lost, until disposed. */
export class Link<S extends Session> implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #build: (model: ChannelModel, life: Life) => Promise<S>;
  readonly #events: LinkEvents;
  readonly #leaving = new AbortController();
  #session = Promise.withResolvers<S>();
  #current: S | undefined;
  #address: Address;
  readonly #kept: Promise<void>;

  constructor(
    options: LinkOptions,
    events: LinkEvents,
    build: (model: ChannelModel, life: Life) => Promise<S>,
  ) {
    this.#options = options;
    this.#build = build;
    this.#events = events;
    this.#address = options.addresses[0];
    this.#session.promise.catch(() => undefined);
    this.#kept = this.#keep();
  }

  /**
   * Resolves with the session there is, or with the next one. Rejects with an AbortError from the
   * disposal on.
   */
  session(): Promise<S> {
    return this.#session.promise;
  }

  /** The session there is; `undefined` if there is none. */
  get current(): S | undefined {
    return this.#current;
  }

  /** Aborted from the disposal on. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort(new DOMException("the broker is being disposed", "AbortError"));
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { delay, random, addresses } = this.#options;
    const { signal } = this.#leaving;
    let refused = 0;
    for (let attempt = 0; ; attempt++) {
      const since = performance.now();
      const reason = await this.#live();
      if (signal.aborted) break;
      const refusal = refusalOf(reason, this.#address);
      refused = refusal === undefined ? 0 : refused + 1;
      // A single node may be without the vhost or its certificate for a while.
      this.#events.down(refused >= addresses.length ? (refusal ?? reason) : reason);
      if (performance.now() - since > calmAfter) attempt = 0;
      // Each address is tried before the pause grows.
      const pause = backoff(Math.floor(attempt / addresses.length), pausesOfBroker, random);
      await delay(pause, signal).catch(() => undefined);
      this.#address = addresses[(addresses.indexOf(this.#address) + 1) % addresses.length] ?? addresses[0];
    }
    this.#session.reject(signal.reason);
  }

  /** One connection to its end. Resolves with why it ended, or why there was none. */
  async #live(): Promise<unknown> {
    const ending = new AbortController();
    const lose = (reason: unknown) => ending.abort(reason ?? new Error("the connection was closed"));
    const leaving = this.#leaving.signal;
    let model: ChannelModel;
    try {
      model = await this.#connect();
    } catch (error) {
      return error;
    }
    model.on("error", lose);
    model.on("close", lose);
    model.on("blocked", (reason) => this.#events.blocked(reason));
    model.on("unblocked", () => this.#events.unblocked());
    const over = AbortSignal.any([ending.signal, leaving]);
    let session: S | undefined;
    try {
      session = await untilAborted(this.#build(model, { lost: ending.signal, lose }), over);
      this.#session.resolve(session);
      this.#current = session;
      this.#events.up();
      await abortion(over);
      this.#renew();
    } catch (error) {
      lose(error);
    }
    if (!leaving.aborted) {
      void closeConnection(model);
      return ending.signal.reason;
    }
    lose(leaving.reason);
    if (session) await part(session.close());
    await closeConnection(model);
    return leaving.reason;
  }

  async #connect(): Promise<ChannelModel> {
    const connecting = openConnection(this.#address, this.#options);
    try {
      return await untilAborted(connecting, this.#leaving.signal);
    } catch (error) {
      const close = async (model: ChannelModel) => {
        model.on("error", () => {});
        await model.close();
      };
      connecting.then(close).catch(() => undefined);
      throw error;
    }
  }

  #renew(): void {
    this.#current = undefined;
    this.#session = Promise.withResolvers<S>();
    this.#session.promise.catch(() => undefined);
  }
}
