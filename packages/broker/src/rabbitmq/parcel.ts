import { hostname } from "node:os";
import { bodiesOf, type Delay, type Message, type QueueName } from "@brigade/core";
import type { Message as RawMessage } from "amqplib";
import { queueOf, workQueueOf } from "../route.ts";
import { authorOf } from "./author.ts";
import { deliveriesOf, headerNames } from "./headers.ts";
import { exchangeName, routes, waitExchange } from "./topology.ts";

/** What is published, and where to. */
export interface Parcel {
  readonly exchange: string;
  readonly key: string;
  readonly content: Buffer;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Longer reasons than this would not fit into a message's header frame. Characters. */
const longestReason = 4_000;

/** To the queue of its type, at once or after a delay; several where the message is too large for one. */
export function parcelsOf(message: Message, delay?: Delay): Parcel[] {
  const { job, type } = message;
  const { exchange: name, key } = routes[queueOf(message, delay !== undefined)];
  const exchange = delay === undefined ? exchangeName(job.source, name) : waitExchange(job.source, delay);
  return bodiesOf(message).map((body) => ({ exchange, key, content: Buffer.from(body), type }));
}

/** Text as it is. */
export function parcelInto({ source, queue }: QueueName, content: Buffer): Parcel {
  const { exchange, key } = routes[workQueueOf(queue)];
  return { exchange: exchangeName(source, exchange), key, content };
}

/** A delivery on its way back to its queue; the deaths that it has seen stay counted, be there none. */
export function givenBack(queue: QueueName, raw: RawMessage, deliveries: number): Parcel {
  return {
    ...parcelInto(queue, raw.content),
    type: raw.properties.type,
    headers: { [headerNames.deliveries]: deliveries, [headerNames.author]: authorOf(raw.properties) },
  };
}

/** A delivery on its way to a wait queue, from where it comes back to its queue as it is. */
export function postponed(queue: QueueName, raw: RawMessage, delay: Delay): Parcel {
  const deliveries = deliveriesOf(raw.properties.headers);
  return { ...givenBack(queue, raw, deliveries), exchange: waitExchange(queue.source, delay) };
}

/** A delivery on its way to the dead letters. */
export function buried(queue: QueueName, raw: RawMessage, reason: string): Parcel {
  return {
    exchange: exchangeName(queue.source, "dead"),
    key: "dead",
    content: raw.content,
    type: raw.properties.type,
    headers: {
      [headerNames.key]: routes[workQueueOf(queue.queue)].key,
      [headerNames.error]: reason.slice(0, longestReason),
      [headerNames.host]: hostname(),
      [headerNames.author]: authorOf(raw.properties),
    },
  };
}
