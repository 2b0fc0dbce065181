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

/** Characters. Longer reasons would not fit into the frame of a message's headers. */
const longestReason = 4_000;

/**
 * Returns what is published for a message: to the queue of its type, at once or after a delay.
 * Several parcels if the message is too large for one.
 */
export function parcelsOf(message: Message, delay?: Delay): Parcel[] {
  const { type } = message;
  const way = wayOf(message, delay);
  return bodiesOf(message).map((body) => ({ ...way, content: Buffer.from(body), type }));
}

/** Returns text as it is, on its way to a queue. For the admin. */
export function parcelInto({ source, queue }: QueueName, content: Buffer): Parcel {
  return { ...wayOfAdmin(source, workQueueOf(queue)), content };
}

/** What was delivered, and who made it. */
export interface Made {
  readonly raw: RawMessage;
  readonly author: string;
}

/**
 * Returns a delivery on its way back to its queue. The number of deaths goes with it, also if it is
 * 0.
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

/** Returns a delivery on its way to a wait queue, from where it comes back to its queue. */
export function postponed(queue: QueueName, made: Made, delay: Delay): Parcel {
  return givenBack(queue, made, deliveriesOf(made.raw.properties.headers), delay);
}

/** Returns a delivery on its way to the dead letters. */
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
