import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery, Verdict } from "@brigade/core";
import { startNode } from "../../../../test/rabbitmq/index.ts";
import { warmUpMs } from "../../src/rabbitmq/topology/queues.ts";
import { ack, becomes, Hand, nothingIsLeft, queueOf } from "../conformance/bench.ts";
import { directoryMessage, filesMessage, numberOf } from "../sample-messages.ts";
import { RabbitBench } from "./bench.ts";

const node = await startNode();
after(() => node[Symbol.asyncDispose]());

/** Publishes numbers, so many at once, until told to stop; knows which are confirmed. */
class Numbers {
  readonly confirmed = new Set<number>();
  #next = 0;
  #stopped = false;

  async publish(atOnce: number, send: (number: number) => Promise<void>): Promise<void> {
    const one = async () => {
      while (!this.#stopped) {
        const number = this.#next++;
        await send(number);
        this.confirmed.add(number);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** Handles and counts; every tenth comes back once after a second. */
class Handled {
  readonly times = new Map<number, number>();

  readonly handle = async ({ message, signal }: Delivery): Promise<Verdict> => {
    await sleep(1);
    if (signal.aborted) return ack;
    const number = numberOf(message);
    this.times.set(number, (this.times.get(number) ?? 0) + 1);
    return ack;
  };

  get total(): number {
    return [...this.times.values()].reduce((sum, times) => sum + times, 0);
  }
}

/** Starts of a broker take their time. */
const timeout = 180_000;

test("a broker that is killed while messages are published and consumed loses none that it has confirmed", {
  timeout,
}, async (context) => {
  await using bench = await RabbitBench.create(node.url);
  // A broker that dies sooner forgets its new queues.
  await sleep(warmUpMs);
  const broker = await bench.connect();
  await broker.publish([directoryMessage(bench.source, 7)]);
  const hand = new Hand();
  await broker.consume(queueOf(bench, "directories"), { prefetch: 1 }, hand.handle);
  const held = await hand.next();

  const numbers = new Numbers();
  const handled = new Handled();
  await broker.consume(queueOf(bench, "files"), { prefetch: 20 }, handled.handle);
  const publishing = numbers.publish(50, (number) => broker.publish([filesMessage(bench.source, number)]));
  for (let life = 1; life <= 2; life++) {
    const before = numbers.confirmed.size;
    await becomes(() => numbers.confirmed.size > before + 300 && handled.times.size > before, context);
    await node.kill();
    await becomes(() => broker.state === "connecting" && held.delivery.signal.aborted, context);
    await node.start();
  }
  const before = numbers.confirmed.size;
  await becomes(() => numbers.confirmed.size > before + 300, context);
  numbers.stop();
  await publishing;
  await becomes(() => [...numbers.confirmed].every((number) => handled.times.has(number)), context);

  held.settle(ack);
  const again = await hand.next();
  assert.equal(numberOf(again.delivery.message), 7);
  // Nobody died of it but the broker; yet what it causes may be there already.
  assert.deepEqual([again.delivery.deliveries, again.delivery.isRepeated], [0, true]);
  again.settle(ack);
  await nothingIsLeft(broker, bench, context);
  assert.equal(await broker.depth(queueOf(bench, "dead")), 0);
  assert.deepEqual(bench.errors, []);
});

test("with its connections closed again and again, every message is settled, and few are handled twice", {
  timeout,
}, async (context) => {
  await using bench = await RabbitBench.create(node.url);
  const broker = await bench.connect();
  const numbers = new Numbers();
  const handled = new Handled();
  const [atOnce, prefetch, cuts] = [20, 10, 6];
  await broker.consume(queueOf(bench, "files"), { prefetch }, handled.handle);
  const publishing = numbers.publish(atOnce, (number) =>
    broker.publish([filesMessage(bench.source, number)]),
  );
  for (let cut = 0; cut < cuts; cut++) {
    const before = handled.times.size;
    await becomes(() => handled.times.size > before + 100, context);
    await node.ctl("close_all_connections", "to see what happens");
  }
  numbers.stop();
  await publishing;
  await becomes(() => [...numbers.confirmed].every((number) => handled.times.has(number)), context);
  await nothingIsLeft(broker, bench, context);
  assert.equal(await broker.depth(queueOf(bench, "dead")), 0);
  assert.ok(handled.total <= numbers.confirmed.size + cuts * (atOnce + prefetch));
  assert.deepEqual(bench.errors, []);
});
