import {
  type Control,
  type ControlListener,
  type Delivery,
  delay,
  type FatalError,
  type Message,
  type NewerMessages,
  type Presence,
  type QueueName,
  type Subscription,
  type Verdict,
} from "@brigade/core";
import { workQueueOf } from "../route.ts";
import { addressesOf } from "./connecting/address.ts";
import { type BrokerState, ConnectionWatch } from "./connecting/connection-watch.ts";
import { Link, type LinkOptions } from "./connecting/link.ts";
import { untilAborted } from "./connecting/until-aborted.ts";
import { ConsumerTimeout } from "./consuming/consumer-timeout.ts";
import { NewerAccount } from "./consuming/newer-account.ts";
import { OwnLosses } from "./consuming/own-losses.ts";
import { Reception } from "./consuming/reception.ts";
import { RabbitSubscription } from "./consuming/subscription.ts";
import { WaitAccount, type Waiting } from "./consuming/wait-account.ts";
import { controlSubscription } from "./control/control-subscription.ts";
import { controlTeller } from "./control/control-teller.ts";
import { Division } from "./messages/division.ts";
import { parcelsOf } from "./messages/parcel.ts";
import { announcer } from "./presence/announcer.ts";
import { type PresenceListener, presenceSubscription } from "./presence/presence-subscription.ts";
import { Publisher } from "./publishing/publisher.ts";
import { confirmWithin, Sender } from "./publishing/sender.ts";
import type { RabbitBroker, RabbitBrokerOptions } from "./rabbit-broker.ts";
import type { Speaker } from "./side/speaker.ts";
import { exchangeName, exchangePrefix } from "./topology/exchanges.ts";
import { allQueueNames, newQueueNames, queueNames } from "./topology/queues.ts";

/** Milliseconds: RabbitMQ's own default of `consumer_timeout`. */
const consumerTimeout = 1_800_000;
/** Milliseconds for giving back what is held when the broker is disposed. */
const giveBackWithin = 5_000;
/** Milliseconds for the answer to `acceptsMessages`. */
const answerWithin = 5_000;

/**
 * Resolves with the first connection, however long that takes. Rejects with FatalError (refused) or
 * AbortError (signal).
 */
export async function connectRabbitBroker(options: RabbitBrokerOptions): Promise<RabbitBroker> {
  const refused = Promise.withResolvers<never>();
  let onRefused: (error: FatalError) => void = refused.reject;
  const broker = new AmqpBroker(options, (error) => onRefused(error));
  try {
    await untilAborted(Promise.race([broker.connected(), refused.promise]), options.signal);
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
  onRefused = options.onError;
  return broker;
}

/**
 * Has two connections: the broker reads nothing from a connection that it blocks, acknowledgements
 * included.
 */
class AmqpBroker implements RabbitBroker {
  readonly #options: RabbitBrokerOptions;
  readonly #watch: ConnectionWatch;
  readonly #sending: Link<Sender>;
  readonly #receiving: Link<Reception>;
  readonly #publisher: Publisher;
  readonly #announcer: Speaker<Presence>;
  readonly #teller: Speaker<Control>;
  readonly #waits = new WaitAccount();
  readonly #newer: NewerAccount;
  readonly #timeout: ConsumerTimeout;
  readonly #losses = new OwnLosses();
  readonly #division = new Division();
  readonly #subscriptions = new Set<RabbitSubscription>();
  #disposal: Promise<void> | undefined;

  constructor(options: RabbitBrokerOptions, onRefused: (error: FatalError) => void) {
    this.#options = options;
    this.#newer = new NewerAccount(options.log);
    this.#watch = new ConnectionWatch(options.log, onRefused);
    const link: LinkOptions = {
      addresses: addressesOf(options.url),
      ca: options.ca,
      connectionName: options.connectionName,
      delay: options.delay ?? delay,
      random: options.random,
    };
    const named = (does: string) => ({ ...link, connectionName: `${options.connectionName} ${does}` });
    const expecting = { user: link.addresses[0].user, confirmWithin: options.confirmWithin ?? confirmWithin };
    this.#sending = new Link(named("publishes"), this.#watch.watch(), (model, life) =>
      Sender.open(model, life, expecting),
    );
    this.#timeout = new ConsumerTimeout(options.consumerTimeout ?? consumerTimeout, options.log);
    this.#receiving = new Link(named("consumes"), this.#watch.watch(), async (model, life) => {
      life.lost.addEventListener("abort", () => this.#timeout.hear(life.lost.reason), { once: true });
      return await Reception.open(model, life);
    });
    this.#publisher = new Publisher(this.#sending, {
      log: options.log,
      delay: link.delay,
      random: link.random,
    });
    const around = { log: options.log, delay: link.delay };
    this.#announcer = announcer(this.#sending, around);
    this.#teller = controlTeller(this.#sending, around);
  }

  get state(): BrokerState {
    return this.#watch.state;
  }

  get trouble(): string | undefined {
    return this.state === "connecting" ? "not connected to the broker" : this.#watch.blockedBy;
  }

  waits(source: string): string | undefined {
    return this.#watch.blockedBy ?? this.#publisher.waits(exchangePrefix(source));
  }

  waiting(source: string): Waiting | undefined {
    return this.#waits.of(source);
  }

  newer(source: string): NewerMessages[] {
    return this.#newer.of(source);
  }

  async acceptsMessages(source: string): Promise<boolean> {
    const sender = this.#sending.current;
    if (sender === undefined || this.state !== "connected") return false;
    const asked = sender.ask(exchangeName(source, "work"));
    const over = AbortSignal.any([AbortSignal.timeout(answerWithin), sender.lost, this.#sending.leaving]);
    return await untilAborted(asked, over).then(
      () => true,
      () => false,
    );
  }

  async connected(): Promise<void> {
    await Promise.all([this.#sending.session(), this.#receiving.session()]);
  }

  publish(messages: readonly Message[]): Promise<void> {
    return this.#publisher.publish(messages.flatMap((message) => parcelsOf(message)));
  }

  async consume(
    { source, queue }: QueueName,
    { prefetch, isFirst = false }: { readonly prefetch: number; readonly isFirst?: boolean },
    handle: (delivery: Delivery) => Promise<Verdict>,
  ): Promise<Subscription> {
    const consumption = { source, queue: workQueueOf(queue), prefetch, isFirst, handle };
    this.#receiving.leaving.throwIfAborted();
    const subscription: RabbitSubscription = new RabbitSubscription(consumption, {
      link: this.#receiving,
      publisher: this.#publisher,
      waits: this.#waits,
      newer: this.#newer,
      losses: this.#losses,
      division: this.#division,
      timeout: this.#timeout,
      log: this.#options.log,
      onError: this.#options.onError,
      delay: this.#options.delay ?? delay,
      random: this.#options.random,
      requireUserId: this.#options.requireUserId ?? false,
      forget: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Waits while there is no connection. 0 if there is no such queue. */
  async depth({ source, queue }: QueueName): Promise<number> {
    const counts = await this.#counts(queueNames(source, queue));
    return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  async missingQueues(source: string): Promise<readonly string[]> {
    const names = allQueueNames(source);
    const counts = await this.#counts(names);
    const missing = names.filter((_, index) => counts[index] === undefined);
    const isNew = (name: string) => newQueueNames(source).includes(name);
    // A source of the version before has none of these.
    return missing.every(isNew) && newQueueNames(source).length === missing.length ? [] : missing;
  }

  /** Ready messages per queue; `undefined` if there is no such queue. */
  async #counts(names: readonly string[]): Promise<(number | undefined)[]> {
    for (;;) {
      const reception = await this.#receiving.session();
      try {
        return await Promise.all(names.map((name) => reception.messageCount(name)));
      } catch (error) {
        if (!reception.lost.aborted) throw error;
      }
    }
  }

  announce(presence: Presence): void {
    if (this.state === "connected") this.#announcer.say(presence);
  }

  onPresence(listener: PresenceListener): AsyncDisposable {
    const { log, onError } = this.#options;
    return presenceSubscription(listener, {
      link: this.#receiving,
      log,
      delay: this.#options.delay ?? delay,
      onError,
    });
  }

  tell(control: Control): void {
    if (this.state === "connected") this.#teller.say(control);
  }

  onControl(
    sources: readonly string[],
    listener: ControlListener,
    onListening?: () => void,
  ): AsyncDisposable {
    const { log, onError } = this.#options;
    const around = { link: this.#receiving, log, delay: this.#options.delay ?? delay, onError, onListening };
    return controlSubscription(sources, listener, around);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const reason = new DOMException("the broker is being disposed", "AbortError");
    if (this.state === "connected") {
      const reception = await this.#receiving.session();
      reception.abandon(reason);
      const subscriptions = [...this.#subscriptions].map((subscription) => subscription.leave());
      const left = Promise.all([...subscriptions, this.#announcer.leave(), this.#teller.leave()]);
      // What cannot be given back in time comes again too, but counts as a delivery.
      await untilAborted(left, AbortSignal.timeout(giveBackWithin)).catch(() => undefined);
    }
    await this.#receiving[Symbol.asyncDispose]();
    await this.#sending[Symbol.asyncDispose]();
  }
}
