import { hostname } from "node:os";
import { bodiesOf, type Delay, type Message, type QueueName } from "@brigade/core";
import type { Message as RawMessage } from "amqplib";
import { workQueueOf } from "../../route.ts";
import { type Destination, exchangeName, keys, wayBack, wayOf, wayOfAdmin } from "../topology/exchanges.ts";
import { deliveriesOf, headerNames } from "./headers.ts";

/** What is published, and where to. */
export interface Parcel extends Destination {
  readonly content: Buffer;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Longer reasons than this would not fit into a message's header frame. Characters. */
const longestReason = 4_000;

/**
 * To the queue of its type, at once or after a delay; several where the message is too large for
 * one.
 */
export function parcelsOf(message: Message, delay?: Delay): Parcel[] {
  const { type } = message;
  const way = wayOf(message, delay);
  return bodiesOf(message).map((body) => ({ ...way, content: Buffer.from(body), type }));
}

/** Text as it is, from the admin. */
export function parcelInto({ source, queue }: QueueName, content: Buffer): Parcel {
  return { ...wayOfAdmin(source, workQueueOf(queue)), content };
}

/** What was delivered, and who made it. */
export interface Made {
  readonly raw: RawMessage;
  readonly author: string;
}

/**
 * A delivery on its way back to its queue; the deaths that it has seen stay counted, be there none.
 */
export function givenBack(
  { source, queue }: QueueName,
  { raw, author }: Made,
  deliveries: number,
  delay?: Delay,
): Parcel {
  return {
    ...wayBack(source, workQueueOf(queue), delay),
    content: raw.content,
    type: raw.properties.type,
    headers: { [headerNames.deliveries]: deliveries, [headerNames.author]: author },
  };
}

/** A delivery on its way to a wait queue, from where it comes back to its queue as it is. */
export function postponed(queue: QueueName, made: Made, delay: Delay): Parcel {
  return givenBack(queue, made, deliveriesOf(made.raw.properties.headers), delay);
}

/** A delivery on its way to the dead letters. */
export function buried(queue: QueueName, { raw, author }: Made, reason: string): Parcel {
  const exchange = exchangeName(queue.source, "dead");
  return {
    exchange,
    undivided: exchange,
    key: "dead",
    content: raw.content,
    type: raw.properties.type,
    headers: {
      [headerNames.key]: keys[workQueueOf(queue.queue)],
      [headerNames.error]: reason.slice(0, longestReason),
      [headerNames.host]: hostname(),
      [headerNames.author]: author,
    },
  };
}
