import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type RabbitNode, startNode } from "../../../../../test/rabbitmq/index.ts";
import { ack, becomes, depthBecomes, Hand, nothingIsLeft, queueOf } from "../../conformance/bench.ts";
import { filesMessage, numberOf } from "../../sample-messages.ts";
import { RabbitBench } from "../bench.ts";

const timeoutMs = 6_000;

let node: RabbitNode;
before(async () => {
  node = await startNode({ config: `consumer_timeout = ${timeoutMs}` });
  // Of channels that are opened from now on; a minute by default.
  await node.ctl("eval", "application:set_env(rabbit, channel_tick_interval, 1000).");
});
after(() => node[Symbol.asyncDispose]());

test("what is held until the broker's timeout is handed over before: the handler goes on, and nothing is lost", async (context) => {
  await using bench = await RabbitBench.create(node.url);
  const broker = await bench.connect({ consumerTimeout: timeoutMs });
  const queue = queueOf(bench, "files");
  await broker.publish([0, 1, 2].map((number) => filesMessage(bench.source, number)));
  const hand = new Hand();
  await using _ = await broker.consume(queue, { prefetch: 1 }, hand.handle);
  const slow = await hand.next();
  slow.delivery.onOverdue(async () => [filesMessage(bench.source, 7, "left")]);
  await depthBecomes(broker, { source: bench.source, queue: "wait" }, 1, context);
  // Its place is taken by the next ones.
  (await hand.next()).settle(ack);
  (await hand.next()).settle(ack);
  await sleep(timeoutMs);
  assert.equal(slow.delivery.signal.aborted, false);
  slow.settle(ack);
  await sleep(100);
  assert.equal(hand.deliveries.length, 3);
  assert.equal(await broker.depth({ source: bench.source, queue: "wait" }), 1);
  assert.deepEqual(
    bench.log.lines.filter(({ message }) => /not connected/.test(message)),
    [],
  );
});

test("a broker whose timeout is shorter than configured is logged once; the loss counts for no message, and the shorter timeout is used", async (context) => {
  await using bench = await RabbitBench.create(node.url);
  const broker = await bench.connect();
  const queue = queueOf(bench, "files");
  await broker.publish([filesMessage(bench.source, 3)]);
  const hand = new Hand();
  await using _ = await broker.consume(queue, { prefetch: 1 }, hand.handle);
  const lost = await hand.next();
  await becomes(() => lost.delivery.signal.aborted, context);
  lost.settle(ack);
  const again = await hand.next();
  assert.deepEqual([numberOf(again.delivery.message), again.delivery.deliveries], [3, 0]);
  const told = bench.log.lines.filter(({ message }) => /consumer_timeout/.test(message));
  assert.equal(told.length, 1, JSON.stringify(bench.log.lines));
  assert.match(told[0]?.message ?? "", /CONSUMER_TIMEOUT_MS/);
  // This time it is handed over in time.
  await depthBecomes(broker, { source: bench.source, queue: "wait" }, 1, context);
  assert.equal(again.delivery.signal.aborted, false);
  again.settle(ack);
});

test("a connection that is cut is no death of the process that goes on", async (context) => {
  await using bench = await RabbitBench.create(node.url);
  const broker = await bench.connect();
  const queue = queueOf(bench, "files");
  await broker.publish([filesMessage(bench.source, 3)]);
  const hand = new Hand();
  await using _ = await broker.consume(queue, { prefetch: 1 }, hand.handle);
  for (let times = 0; times < 3; times++) {
    const { delivery, settle } = await hand.next();
    assert.equal(delivery.deliveries, 0);
    await node.ctl("close_all_connections", "test");
    await becomes(() => delivery.signal.aborted, context);
    settle(ack);
  }
  (await hand.next()).settle(ack);
  await nothingIsLeft(broker, bench, context);
});
