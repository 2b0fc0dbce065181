import { type Delay, delays, type QueueKind } from "@brigade/core";
import type { Channel } from "amqplib";
import type { WorkQueue } from "../route.ts";

/** Milliseconds that new queues need before they can be trusted with messages: a broker that dies earlier forgets both. */
export const settleMs = 5_000;

type Exchange = "work" | "records" | "dead" | `wait.${string}`;

/** How the names of a source's exchanges begin. */
export function exchangePrefix(source: string): string {
  return `brigade.${source}.x.`;
}

export function exchangeName(source: string, exchange: Exchange): string {
  return exchangePrefix(source) + exchange;
}

export function waitExchange(source: string, delay: Delay): string {
  return exchangeName(source, `wait.${delay / 1_000}s`);
}

/** All queues of a kind; `wait` has one for each delay. */
export function queueNames(source: string, kind: QueueKind): readonly string[] {
  if (kind === "wait") return delays.map((delay) => `brigade.${source}.wait.${delay / 1_000}s`);
  return [`brigade.${source}.${kind}`];
}

export function queueName(source: string, kind: Exclude<QueueKind, "wait">): string {
  return `brigade.${source}.${kind}`;
}

/** Where a queue's messages are published. */
export const routes: Record<WorkQueue, { readonly exchange: "work" | "records"; readonly key: string }> = {
  directories: { exchange: "work", key: "directory" },
  files: { exchange: "work", key: "file" },
  retry: { exchange: "work", key: "retry" },
  records: { exchange: "records", key: "record" },
};

/** Unlimited would be -1; but that drops messages on RabbitMQ 3.x, and unset is 20 from 4.0 on. */
const quorum = { "x-queue-type": "quorum", "x-delivery-limit": 1_000_000 };

interface Queue {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
  /** Exchange and routing key. */
  readonly bindings: readonly (readonly [exchange: string, key: string])[];
}

function exchangesOf(source: string): { name: string; type: "direct" | "fanout" }[] {
  const direct = (["work", "records", "dead"] as const).map((exchange) => exchangeName(source, exchange));
  return [
    ...direct.map((name) => ({ name, type: "direct" as const })),
    // Fanout: messages keep their routing key, so one set of delays serves all.
    ...delays.map((delay) => ({ name: waitExchange(source, delay), type: "fanout" as const })),
  ];
}

function queuesOf(source: string): Queue[] {
  const work = exchangeName(source, "work");
  const waits = delays.map((delay) => ({
    name: `brigade.${source}.wait.${delay / 1_000}s`,
    arguments: {
      ...quorum,
      "x-message-ttl": delay,
      "x-dead-letter-exchange": work,
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    },
    bindings: [[waitExchange(source, delay), ""]] as const,
  }));
  const queue = (kind: Exclude<QueueKind, "wait">, bindings: Queue["bindings"], more = {}): Queue => ({
    name: queueName(source, kind),
    arguments: { ...quorum, ...more },
    bindings,
  });
  return [
    queue("directories", [[work, routes.directories.key]]),
    queue("files", [[work, routes.files.key]]),
    queue("retry", [[work, routes.retry.key]]),
    // From a delay, records come back through the exchange of all work.
    queue(
      "records",
      [
        [exchangeName(source, "records"), routes.records.key],
        [work, routes.records.key],
      ],
      { "x-single-active-consumer": true },
    ),
    queue("dead", [[exchangeName(source, "dead"), "dead"]]),
    ...waits,
  ];
}

export function allQueueNames(source: string): readonly string[] {
  return queuesOf(source).map(({ name }) => name);
}

/** Makes what is missing; changes nothing that is there. */
export async function declareTopology(channel: Channel, source: string): Promise<void> {
  for (const { name, type } of exchangesOf(source))
    await channel.assertExchange(name, type, { durable: true });
  for (const queue of queuesOf(source)) {
    await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
    for (const [exchange, key] of queue.bindings) await channel.bindQueue(queue.name, exchange, key);
  }
}

export async function removeTopology(channel: Channel, source: string): Promise<void> {
  for (const { name } of queuesOf(source)) await channel.deleteQueue(name);
  for (const { name } of exchangesOf(source)) await channel.deleteExchange(name);
}
