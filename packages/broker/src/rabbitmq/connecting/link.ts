/*
 * The life of a connection to the broker:
 *
 * what happens                                 what follows
 * connection lost, heartbeat missed            a new connection after 0.2 s to 10 s, for ever; what was not confirmed is published again
 * a message is refused (basic.nack)            again after a pause, over a new channel (the old one may remember a leader that is dead)
 * five channels in a row take nothing          a new connection, which may lead to another node
 * no confirmation for 30 s, and no alarm       a new connection; what was not confirmed is published again
 * memory or disk alarm (connection.blocked)    publishing waits until the broker takes messages again; consuming goes on
 * no exchange, or no queue behind it           publishing waits until `brigade start` makes it
 * a consumer is ended (basic.cancel)           it consumes anew; if its queue is gone, it waits until `brigade start` makes it
 * wrong password, no right, bad certificate    told once (FatalError); attempts go on
 */
import { backoff, type Delayer } from "@brigade/core";
import { type ChannelModel, connect } from "amqplib";
import type { Address } from "./address.ts";
import { closeConnection, part } from "./farewell.ts";
import { refusalOf } from "./refusal.ts";
import { abortion, untilAborted } from "./until-aborted.ts";

/** Milliseconds for a connection and its handshake. */
const connectWithin = 10_000;
/** Milliseconds between attempts: at first, at most. A connection that held so long makes the next loss a first one. */
const firstPause = 200;
const longestPause = 10_000;
const calmAfter = 1_000;

/** From a connection's opening to its loss. */
export interface Life {
  /** Aborted when connection or channel are gone: nothing that belongs to them may be used any more. */
  readonly lost: AbortSignal;
  /** Ends it: the first reason counts. */
  lose(reason: unknown): void;
}

/** What is built on each new connection, its listeners set, ready to be used. */
export interface Session {
  /** Ends it in order: what was sent is worked off. */
  close(): Promise<void>;
}

export interface LinkOptions {
  readonly address: Address;
  readonly ca: string | undefined;
  readonly connectionName: string;
  readonly delay: Delayer;
  readonly random: (() => number) | undefined;
}

export interface LinkEvents {
  up(): void;
  /** Not connected (any more). FatalError: refused; attempts go on all the same. */
  down(reason: unknown): void;
  /** The broker takes no messages: a memory or disk alarm. */
  blocked(reason: string): void;
  unblocked(): void;
}

/** Connects once. Its `error` events are nobody's until the caller listens: that must be at once. */
export function openConnection({ address, ca, connectionName }: Omit<LinkOptions, "delay" | "random">) {
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
  readonly #kept: Promise<void>;

  constructor(
    options: LinkOptions,
    events: LinkEvents,
    build: (model: ChannelModel, life: Life) => Promise<S>,
  ) {
    this.#options = options;
    this.#build = build;
    this.#events = events;
    this.#session.promise.catch(() => undefined);
    this.#kept = this.#keep();
  }

  /** The session that is, or the next one. Rejects with an AbortError from the disposal on. */
  session(): Promise<S> {
    return this.#session.promise;
  }

  /** The session that is; undefined while there is none. */
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
    const { delay, random, address } = this.#options;
    const { signal } = this.#leaving;
    for (let attempt = 0; ; attempt++) {
      const since = performance.now();
      const reason = await this.#live();
      if (signal.aborted) break;
      this.#events.down(refusalOf(reason, address) ?? reason);
      if (performance.now() - since > calmAfter) attempt = 0;
      const pause = backoff(attempt, { first: firstPause, most: longestPause, ...(random && { random }) });
      await delay(pause, signal).catch(() => undefined);
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
    const connecting = openConnection(this.#options);
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
