import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect } from "amqplib";
import { chooseBroker } from "../../../../../test/rabbitmq/index.ts";
import { Intake } from "../../../src/rabbitmq/consuming/intake.ts";
import { ack, becomes, benchTest, Hand, nothingIsLeft, queueOf } from "../../conformance/bench.ts";
import { largeResult } from "../../conformance/bounds.ts";
import { RabbitBench } from "../bench.ts";

const node = await chooseBroker();
after(() => node[Symbol.asyncDispose]());

const mib = 2 ** 20;
const messages = 60;

/** A broker behind a relay, while 60 results of 1 MB are in its queue. */
async function atFullQueue(bench: RabbitBench) {
  await using publisher = await bench.connect();
  const large = largeResult(bench.source);
  for (let sent = 0; sent < messages; sent++) await publisher.publish([large]);
  const relay = await bench.relay();
  return { relay, broker: await bench.connect({ url: relay.url }) };
}

benchTest(
  "while deliveries of 1 MiB wait for a place, no more is read from the broker; then the rest comes",
  () => RabbitBench.create(node.url),
  async (bench, context) => {
    const { relay, broker } = await atFullQueue(bench);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "records"), { prefetch: 512 }, hand.handle);
    const first = await hand.next();
    await becomes(() => relay.bytes > 8 * mib, context);
    // What is in hand, what waits, and what the buffers of two sockets hold.
    const most = (8 + 1 + 12) * mib;
    first.settle(ack);
    for (let settled = 1; settled < messages; settled++) {
      const { settle } = await hand.next();
      assert.ok(relay.bytes - settled * 0.6 * mib < most, `${relay.bytes} bytes after ${settled}`);
      settle(ack);
    }
    await nothingIsLeft(broker, bench, context);
    assert.equal(hand.deliveries.length, messages);
  },
);

benchTest(
  "a subscription is paused while too much waits for anything to be read, and loses nothing",
  () => RabbitBench.create(node.url),
  async (bench, context) => {
    const { relay, broker } = await atFullQueue(bench);
    const hand = new Hand();
    const subscription = await broker.consume(queueOf(bench, "records"), { prefetch: 512 }, hand.handle);
    const held = [await hand.next()];
    await becomes(() => relay.bytes > 8 * mib, context);
    await subscription.pause();
    held.push(...hand.inHand.splice(0));
    const { length } = held;
    for (const { settle } of held) settle(ack);
    await subscription.resume();
    for (let settled = length; settled < messages; settled++) (await hand.next()).settle(ack);
    await nothingIsLeft(broker, bench, context);
    await subscription[Symbol.asyncDispose]();
    assert.equal(hand.deliveries.length, messages);
  },
);

test("a connection that is not read, as too much waits, does not count as silent", async () => {
  const model = await connect(node.url);
  const intake = new Intake(model);
  const connection = model.connection as unknown as { checkRecv(): boolean };
  connection.checkRecv();
  assert.equal(connection.checkRecv(), false);
  intake.add(2 * mib);
  assert.equal(connection.checkRecv(), true);
  assert.equal(connection.checkRecv(), true);
  intake.add(-2 * mib);
  assert.equal(connection.checkRecv(), false);
  await model.close();
});
