import { type Delay, delays, type QueueKind } from "@brigade/core";
import type { Channel } from "amqplib";
import { allExchangeNames, exchangeName, keys, markOfDivision, waitExchange } from "./exchanges.ts";

/**
 * Milliseconds until new queues can be used: a broker that dies earlier may lose the queue and its
 * messages.
 */
export const warmUpMs = 5_000;

function waitQueue(source: string, delay: Delay): string {
  return `brigade.${source}.wait.${delay / 1_000}s`;
}

/** Returns the queue in which directories and records wait. Downloaders may not publish there. */
function listingWaitQueue(source: string, delay: Delay): string {
  return `brigade.${source}.wait.listing-${delay / 1_000}s`;
}

/** Returns all queues of a kind; `wait` has two per delay. */
export function queueNames(source: string, kind: QueueKind): readonly string[] {
  if (kind !== "wait") return [queueName(source, kind)];
  return [waitQueue, listingWaitQueue].flatMap((name) => delays.map((delay) => name(source, delay)));
}

export function queueName(source: string, kind: Exclude<QueueKind, "wait">): string {
  return `brigade.${source}.${kind}`;
}

export function allQueueNames(source: string): readonly string[] {
  return queuesOf(source).map(({ name }) => name);
}

/** Returns those of them that a source of the version before lacks. */
export function newQueueNames(source: string): readonly string[] {
  return delays.map((delay) => listingWaitQueue(source, delay));
}

/** -1 would be unlimited, but drops messages on RabbitMQ 3.x. Unset means 20 from 4.0 on. */
const quorum = { "x-queue-type": "quorum", "x-delivery-limit": 1_000_000 };

interface Queue {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
  /** Pairs of an exchange and a routing key. */
  readonly bindings: readonly (readonly [exchange: string, key: string])[];
}

function queuesOf(source: string): Queue[] {
  const [work, records, dead, listing, back] = (["work", "records", "dead", "listing", "back"] as const).map(
    (kind) => exchangeName(source, kind),
  ) as [string, string, string, string, string];
  const queue = (kind: Exclude<QueueKind, "wait">, bindings: Queue["bindings"], more = {}): Queue => ({
    name: queueName(source, kind),
    arguments: { ...quorum, ...more },
    bindings,
  });
  return [
    queue("directories", [
      [listing, keys.directories],
      [back, keys.directories],
    ]),
    queue("files", [[work, keys.files]]),
    queue("retry", [[work, keys.retry]]),
    queue(
      "records",
      [
        [records, keys.records],
        [listing, keys.records],
        [back, keys.records],
      ],
      { "x-single-active-consumer": true },
    ),
    queue("dead", [[dead, "dead"]]),
    ...delays.flatMap((delay) => waitQueuesOf(source, delay)),
  ];
}

/**
 * Messages keep their routing key while they wait. It leads them from the exchange that they come
 * back to, to their queue.
 */
function waitQueuesOf(source: string, delay: Delay): Queue[] {
  const waiting = (name: string, next: "work" | "back", bindings: Queue["bindings"]): Queue => ({
    name,
    arguments: {
      ...quorum,
      "x-message-ttl": delay,
      "x-dead-letter-exchange": exchangeName(source, next),
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    },
    bindings,
  });
  const files = waitExchange(source, "wait", delay);
  return [
    waiting(waitQueue(source, delay), "work", [
      [files, keys.files],
      [files, keys.retry],
    ]),
    waiting(listingWaitQueue(source, delay), "back", [
      [waitExchange(source, "listing-wait", delay), keys.directories],
      [waitExchange(source, "back-wait", delay), keys.records],
    ]),
  ];
}

/**
 * Makes what is missing. `isDivided`: the exchanges are divided by who may write already. If not,
 * the bindings are removed by which everybody could reach directories and records. The exchange
 * that marks the division is made last.
 */
export async function declareTopology(channel: Channel, source: string, isDivided: boolean): Promise<void> {
  const mark = markOfDivision(source);
  // The wait exchanges of the version before take every key. Their type cannot be changed.
  if (!isDivided)
    for (const delay of delays) await channel.deleteExchange(waitExchange(source, "wait", delay));
  for (const name of allExchangeNames(source))
    if (name !== mark) await channel.assertExchange(name, "direct", { durable: true });
  for (const { name, arguments: queueArguments } of queuesOf(source))
    await channel.assertQueue(name, { durable: true, arguments: queueArguments });
  await channel.assertExchange(mark, "direct", { durable: true });
  for (const { name, bindings } of queuesOf(source))
    for (const [exchange, key] of bindings) await channel.bindQueue(name, exchange, key);
  // Each time: a `start` that was stopped before this has left them.
  await unbindFromWork(channel, source);
}

async function unbindFromWork(channel: Channel, source: string): Promise<void> {
  const work = exchangeName(source, "work");
  for (const kind of ["directories", "records"] as const)
    await channel.unbindQueue(queueName(source, kind), work, keys[kind]);
}

export async function removeTopology(channel: Channel, source: string): Promise<void> {
  for (const { name } of queuesOf(source)) await channel.deleteQueue(name);
  for (const name of allExchangeNames(source)) await channel.deleteExchange(name);
}
