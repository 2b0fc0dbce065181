import type { Message } from "../messages/messages.ts";
import type { Delay } from "../retrying/pauses.ts";

/**
 * The queues of one source. `wait` stands for all delayed messages together (it cannot be
 * consumed), `retry` for files that come back from there, `dead` for messages that could not be
 * read or that kill.
 */
export type QueueKind = "directories" | "files" | "retry" | "wait" | "records" | "dead";

export interface QueueName {
  readonly source: string;
  readonly queue: QueueKind;
}

export interface Delivery {
  readonly queue: QueueName;
  readonly message: Message;
  /**
   * The user of the broker who made it, also where another has given it back; "" where the broker
   * vouches for nobody.
   */
  readonly author: string;
  /**
   * Times this message was delivered before and neither settled nor released: its consumer died. 0
   * at first.
   */
  readonly deliveries: number;
  /**
   * It was delivered before, whatever became of that: some of what it causes may be there already.
   * It covers more than `deliveries`: a consumer that lost its connection, was stopped, or gave the
   * message back is not dead.
   */
  readonly isRepeated: boolean;
  /**
   * Aborted when the delivery is lost (its connection died): stop working, act on nothing, the
   * verdict will be ignored. One signal for all deliveries that are lost together.
   */
  readonly signal: AbortSignal;
  /**
   * Only slow work is left of it: from now on it does not count against `prefetch`, so that another
   * delivery takes its place. As many again as `prefetch` at most stand aside at once; what is more
   * goes on to count.
   */
  standAside(): void;
  /**
   * Some brokers do not let a consumer hold a delivery for as long as it likes. Before this one
   * must go, what `remainder` resolves with is published to come back after the longest delay, and
   * the delivery is acknowledged; the handler goes on, and its verdict is ignored. Without a word
   * of the handler all of it comes back. Messages of work come back with `inHand`.
   */
  onOverdue(remainder: () => Promise<readonly Message[]>): void;
}

/** A message that comes back after a delay. */
export interface Return {
  readonly message: Message;
  readonly delay: Delay;
}

/**
 * What becomes of a delivery:
 * - `ack`     all that it causes is safe
 * - `retry`   publish `remainder` to come back after `delay`, and each of `later` after its own;
 *             acked when that is confirmed
 * - `reject`  to the dead letters, with a reason for people
 * - `postpone` give it back untouched, to come again after `delay`, not counted as a delivery
 * - `release` give it back untouched, at once, not counted as a delivery
 */
export type Verdict =
  | { readonly kind: "ack" }
  | {
      readonly kind: "retry";
      readonly remainder: readonly Message[];
      readonly delay: Delay;
      readonly later?: readonly Return[];
    }
  | { readonly kind: "reject"; readonly reason: string }
  | { readonly kind: "postpone"; readonly delay: Delay }
  | { readonly kind: "release" };

export interface Subscription extends AsyncDisposable {
  /** Takes no new deliveries and holds none that are not being handled; running handlers go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * From now on, this number of handlers run at once at most. What is held beyond it stays until it
   * is handled.
   */
  setPrefetch(prefetch: number): Promise<void>;
}

/** A message that is out of the ordinary flow, with why. */
export interface DeadLetter {
  readonly id: string;
  readonly body: string;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/**
 * How work travels. Messages go where their type says: `directory` to `directories`, `files` to
 * `files` (after a delay: to `retry`), `page` and `result` to `records`, each of its job's source.
 * At least once: everything may be delivered again after a crash.
 */
export interface Broker extends AsyncDisposable {
  /**
   * Resolves when all are safe (confirmed, synced). Rejects with an AbortError when the broker is
   * being disposed, or when it cannot go on (its disk failed; `cause` has the reason, and its owner gets it):
   * whether they arrived is not known then.
   */
  publish(messages: readonly Message[]): Promise<void>;
  /**
   * `prefetch` handlers run at once at most, and those that stand aside. A handler that throws ends
   * its message in the dead letters only if the error is a MessageError; any other error is
   * reported through `onError` and the message is released. `isFirst`: what is ready goes to this
   * consumer before it goes to others, in this process or elsewhere. Messages that cannot be
   * decoded never reach the handler: they go to the dead letters. Disposing the subscription pauses
   * it and waits for running handlers.
   */
  consume(
    queue: QueueName,
    options: { readonly prefetch: number; readonly isFirst?: boolean },
    handle: (delivery: Delivery) => Promise<Verdict>,
  ): Promise<Subscription>;
  /** Ready messages, not those being handled. */
  depth(queue: QueueName): Promise<number>;
}
