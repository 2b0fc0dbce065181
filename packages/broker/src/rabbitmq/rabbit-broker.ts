import type { Broker, ControlCarrier, Delayer, Log, NewerMessages, Presence } from "@brigade/core";
import type { BrokerState } from "./connecting/connection-watch.ts";
import type { Waiting } from "./consuming/wait-account.ts";
import type { PresenceListener } from "./presence/presence-subscription.ts";

export interface RabbitBrokerOptions {
  /** amqp[s]://user:password@host[:port][/vhost] */
  readonly url: string;
  /** PEM of a private CA. */
  readonly ca?: string | undefined;
  /**
   * Shown in the management UI, with what the connection does: "downloader@host#pid" publishes,
   * consumes.
   */
  readonly connectionName: string;
  readonly log: Log;
  /**
   * Milliseconds that the broker lets a consumer hold a delivery (its `consumer_timeout`); default
   * 30 minutes.
   */
  readonly consumerTimeout?: number;
  /**
   * Errors of handlers. FatalError if the broker refuses our credentials, vhost or permissions;
   * each once.
   */
  readonly onError: (error: unknown) => void;
  /**
   * Records and directories without an author become dead letters. Programs of the version before
   * name no author.
   */
  readonly requireUserId?: boolean;
  /** Gives up waiting for the first connection. */
  readonly signal?: AbortSignal;
  readonly delay?: Delayer;
  readonly random?: () => number;
  /**
   * Milliseconds without a confirmation after which all that is not confirmed is sent again, over a
   * new connection. Default 30 s.
   */
  readonly confirmWithin?: number;
}

/** A broker that is shared with other processes. It reconnects until it is disposed. */
export interface RabbitBroker extends Broker, ControlCarrier {
  /** `blocked`: the broker is short of memory or disk and accepts no messages. */
  readonly state: BrokerState;
  /** Why nothing is published at all, for people; `undefined` if messages are accepted. */
  readonly trouble: string | undefined;
  /** Why publishing for this source waits, for people; `undefined` if it does not wait. */
  waits(source: string): string | undefined;
  /**
   * Messages that this process has put into wait queues of the source, less those that it has
   * received from them.
   */
  waiting(source: string): Waiting | undefined;
  /** Messages that were delivered in the last minute and need a newer program. */
  newer(source: string): NewerMessages[];
  /**
   * Whether the broker accepts messages now. It is asked to confirm a message without a destination,
   * because only publishers are notified of an alarm. Also `true` if the source has no exchanges to ask
   * with.
   */
  acceptsMessages(source: string): Promise<boolean>;
  /** Names of the source's queues that do not exist. Waits while there is no connection. */
  missingQueues(source: string): Promise<readonly string[]>;
  /**
   * Publishes it to all who listen. It is dropped while the broker is away, blocked or refuses it.
   * Throws nothing.
   */
  announce(presence: Presence): void;
  /**
   * Calls the listener for all that is announced from now on, over each new connection too, until
   * it or the broker is disposed.
   */
  onPresence(listener: PresenceListener): AsyncDisposable;
}
