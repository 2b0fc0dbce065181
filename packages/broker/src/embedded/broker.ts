import {
  type Broker,
  type DeadLetter,
  type Delayer,
  type Delivery,
  delay,
  type Log,
  type Message,
  type QueueName,
  type Subscription,
  steadyTime,
  type Verdict,
} from "@brigade/core";
import { workQueueOf } from "../route.ts";
import { DueTimer } from "./due-timer.ts";
import { entriesOf } from "./entry.ts";
import type { Busy, Entry, HandedOut } from "./protocol.ts";
import { StoreLink } from "./store-link.ts";
import { EmbeddedSubscription } from "./subscription.ts";

export interface EmbeddedBrokerOptions {
  /** The database file; its folder is made. One process at a time. */
  readonly path: string;
  readonly log: Log;
  /**
   * Errors of handlers. HostError and FatalError mean that the database cannot be used any more,
   * which is the end of this broker: all deliveries are lost, nothing is confirmed any more, and
   * `publish` rejects.
   */
  readonly onError: (error: unknown) => void;
  /**
   * Unix milliseconds that only grow while the process lives, for delays. A message that an earlier
   * process delayed comes when it is due by this clock, or at once if that is later than the
   * longest delay.
   */
  readonly now?: () => number;
  /** Unix milliseconds, for the dates of dead letters. */
  readonly date?: () => number;
  readonly delay?: Delayer;
  /**
   * Bytes that the database file may grow to. At the limit it behaves like a full disk. Default: no
   * limit.
   */
  readonly maxBytes?: number;
  /** Bytes of the database that are cached in memory, if memory is short. */
  readonly cacheBytes?: number | undefined;
}

/** A durable broker within one process, on one SQLite file. */
export interface EmbeddedBroker extends Broker {
  /** Removes all messages of a source that are not being handled. Resolves with their number. */
  purge(source: string): Promise<number>;
  /**
   * Resolves with the messages of all queues of a source but the dead letters, counted in one
   * moment. If all are zero, no work is left.
   */
  busy(source: string): Promise<Busy>;
  /**
   * To be called when this process is about to be ended: what it holds does not count as lost,
   * however it ends. Nothing more may be consumed.
   */
  absolve(): void;
}

/**
 * Throws FatalError if another process has the file open or it is no queue database; HostError if
 * the disk fails.
 */
export async function createEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  return await SqliteBroker.open(options);
}

/**
 * The package exports EmbeddedBroker only; `inject`, `deadLetters` and `abandon` are for its tests.
 */
export class SqliteBroker implements EmbeddedBroker {
  readonly #link: StoreLink;
  readonly #log: Log;
  readonly #onError: (error: unknown) => void;
  readonly #now: () => number;
  readonly #date: () => number;
  readonly #due: DueTimer;
  readonly #subscriptions = new Map<number, EmbeddedSubscription>();
  #lastConsumer = 0;
  #disposal: Promise<void> | undefined;

  private constructor(link: StoreLink, options: EmbeddedBrokerOptions) {
    this.#link = link;
    this.#log = options.log;
    this.#onError = options.onError;
    this.#now = options.now ?? steadyTime;
    this.#date = options.date ?? Date.now;
    this.#due = new DueTimer(
      { now: this.#now, delay: options.delay ?? delay },
      () => this.#wake(),
      options.onError,
    );
    link.listen({
      handedOut: (message) => this.#handedOut(message),
      nextDue: (due) => this.#due.set(due),
      broken: (error) => {
        this.#loseDeliveries(error);
        this.#onError(error);
      },
    });
  }

  static async open(options: EmbeddedBrokerOptions): Promise<SqliteBroker> {
    const { path, maxBytes, cacheBytes } = options;
    const { link, opened } = await StoreLink.open({ path, maxBytes, cacheBytes });
    const broker = new SqliteBroker(link, options);
    const { ready, redelivered } = opened;
    options.log.debug({ path: options.path, waiting: ready, redelivered }, "queues opened");
    await broker.#wake();
    return broker;
  }

  async publish(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#publish(messages.flatMap((message) => entriesOf(message)));
  }

  absolve(): void {
    this.#link.note({ kind: "absolve" });
  }

  /** Puts text into a queue as it is, decodable or not. Resolves when it is safe. */
  async inject({ source, queue }: QueueName, body: string): Promise<void> {
    await this.#publish([{ source, queue: workQueueOf(queue), body }]);
  }

  async consume(
    queue: QueueName,
    { prefetch, isFirst = false }: { readonly prefetch: number; readonly isFirst?: boolean },
    handle: (delivery: Delivery) => Promise<Verdict>,
  ): Promise<Subscription> {
    const consumer = ++this.#lastConsumer;
    const subscription = new EmbeddedSubscription(consumer, queue, handle, {
      link: this.#link,
      log: this.#log,
      onError: this.#onError,
      now: this.#now,
      date: this.#date,
      forget: () => this.#subscriptions.delete(consumer),
    });
    const place = { source: queue.source, queue: workQueueOf(queue.queue) };
    this.#subscriptions.set(consumer, subscription);
    try {
      await this.#link.ask("consume", { consumer, prefetch, isFirst, ...place });
    } catch (error) {
      this.#subscriptions.delete(consumer);
      throw error;
    }
    return subscription;
  }

  depth({ source, queue }: QueueName): Promise<number> {
    return this.#link.ask("depth", { source, queue });
  }

  busy(source: string): Promise<Busy> {
    return this.#link.ask("busy", { source });
  }

  /** Resolves with the oldest, `limit` at most. `depth` of `dead` counts all. */
  deadLetters(source: string, limit = 1_000): Promise<DeadLetter[]> {
    return this.#link.ask("deadLetters", { source, limit });
  }

  purge(source: string): Promise<number> {
    return this.#link.ask("purge", { source });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#leave((reason) => this.#link.close(reason));
    return this.#disposal;
  }

  /** Behaves as if the process had died here. */
  abandon(): Promise<void> {
    this.#disposal ??= this.#leave((reason) => this.#link.abandon(reason));
    return this.#disposal;
  }

  async #leave(end: (reason: Error) => Promise<void>): Promise<void> {
    const reason = new DOMException("the broker is being disposed", "AbortError");
    this.#due[Symbol.dispose]();
    this.#loseDeliveries(reason);
    await end(reason);
  }

  /**
   * Rejects with an AbortError whose cause is the reason. It is not known then whether the messages
   * arrived.
   */
  async #publish(entries: readonly Entry[]): Promise<void> {
    try {
      await this.#link.ask("publish", { entries });
    } catch (error) {
      if (error instanceof DOMException) throw error;
      throw new DOMException("the queues are lost", { name: "AbortError", cause: error });
    }
  }

  async #wake(): Promise<void> {
    await this.#link.ask("wake", { now: this.#now() });
  }

  #handedOut(message: HandedOut): void {
    const subscription = this.#subscriptions.get(message.consumer);
    if (subscription) subscription.accept(message);
    else this.#link.settle({ kind: "release", id: message.id });
  }

  #loseDeliveries(reason: Error): void {
    this.#due[Symbol.dispose]();
    for (const subscription of this.#subscriptions.values()) subscription.lose(reason);
  }
}
