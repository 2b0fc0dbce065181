import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FatalError } from "@brigade/core";
import { startNode } from "../../../../../test/rabbitmq/index.ts";
import { connectBrokerAdmin } from "../../../src/rabbitmq/admin/admin.ts";
import { abortError, ack, becomes, benchTest, depthBecomes, Hand, queueOf } from "../../conformance/bench.ts";
import { directoryMessage, filesMessage, numberOf } from "../../sample-messages.ts";
import { RabbitBench } from "../bench.ts";

const node = await startNode();
after(() => node[Symbol.asyncDispose]());

const link = (title: string, body: Parameters<typeof benchTest<RabbitBench>>[2]) =>
  benchTest(title, () => RabbitBench.create(node.url), body);

const connected = "info: connected to the broker";
const disconnected = "warn: not connected to the broker, trying again and again";

link(
  "a broker that is away at the start is waited for, with one line for its coming",
  async (bench, context) => {
    const relay = await bench.relay();
    relay.cut();
    const connecting = bench.connect({ url: relay.url });
    await becomes(() => relay.refused > 3, context);
    assert.deepEqual(bench.log.take(), [disconnected]);
    relay.mend();
    const broker = await connecting;
    assert.equal(broker.state, "connected");
    assert.deepEqual(bench.log.take(), [connected]);
    await broker.publish([filesMessage(bench.source)]);
  },
);

link("waiting for the first connection ends when its signal says so", async (bench, context) => {
  const relay = await bench.relay();
  relay.cut();
  const leaving = new AbortController();
  const connecting = bench.connect({ url: relay.url, signal: leaving.signal });
  await becomes(() => relay.refused > 1, context);
  leaving.abort();
  await assert.rejects(connecting, abortError);
});

link(
  "a lost connection is told once, deliveries are aborted, and consuming goes on by itself",
  async (bench, context) => {
    const relay = await bench.relay();
    const broker = await bench.connect({ url: relay.url });
    assert.deepEqual(bench.log.take(), [connected]);
    await broker.publish([0, 1].map((number) => filesMessage(bench.source, number)));
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const held = await hand.next();
    relay.cut();
    await becomes(() => held.delivery.signal.aborted, context);
    await becomes(() => relay.refused > 3, context);
    assert.equal(broker.state, "connecting");
    assert.deepEqual(bench.log.take(), [disconnected]);
    const published = broker.publish([filesMessage(bench.source, 2)]);
    const depth = broker.depth(queueOf(bench, "directories"));
    relay.mend();
    await published;
    assert.equal(await depth, 0);
    // The handler of the lost delivery still runs: no other one beside it.
    await depthBecomes(broker, queueOf(bench, "files"), 2, context);
    assert.equal(hand.deliveries.length, 1);
    held.settle(ack);
    const seen = new Map<number, [deaths: number, isRepeated: boolean]>();
    for (let times = 0; times < 3; times++) {
      const { delivery, settle } = await hand.next();
      seen.set(numberOf(delivery.message), [delivery.deliveries, delivery.isRepeated]);
      settle(ack);
    }
    assert.deepEqual(
      [seen.get(0), seen.get(2)],
      [
        [0, true],
        [0, false],
      ],
    );
    assert.equal(seen.get(1)?.[0], 0);
    assert.deepEqual(bench.log.take(), [connected]);
    assert.deepEqual(bench.errors, []);
  },
);

/** With our own user, so that the tests may take away its rights. */
async function strangersUrl(vhost: string, rights: readonly string[] | undefined): Promise<string> {
  const user = `stranger${Math.random().toString(36).slice(2)}`;
  await node.ctl("add_user", user, "s€cret/ä");
  if (rights) await node.ctl("set_permissions", "-p", "/", user, ...rights);
  const url = new URL(node.url);
  url.username = user;
  url.password = encodeURIComponent("s€cret/ä");
  url.pathname = vhost;
  return url.href;
}

async function refusal(connecting: Promise<unknown>): Promise<string> {
  const error = await connecting.then(
    () => assert.fail("was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof FatalError);
  assert.doesNotMatch(error.message, /secret|wrong-one|%|\n/);
  return error.message.replace(/127\.0\.0\.1:\d+/, "HOST").replace(/stranger\w+/g, "USER");
}

test("refused credentials and vhosts are reported in one line each, without the password", async () => {
  await using bench = await RabbitBench.bare(node.url);
  const { log } = bench;
  const wrong = new URL(node.url);
  wrong.password = "wrong-one";
  const nowhere = await strangersUrl("/nowhere", ["", "", ""]);
  const forbidden = await strangersUrl("/", undefined);
  const connects = [
    (url: string) => bench.connect({ url }),
    (url: string) => connectBrokerAdmin({ url, connectionName: "test", log }),
  ];
  for (const connect of connects) {
    assert.equal(
      await refusal(connect(wrong.href)),
      'the broker at HOST refuses user "guest": wrong user or password',
    );
    assert.equal(
      await refusal(connect(nowhere)),
      'the broker at HOST refuses vhost "nowhere": it is not there, or user "USER" may not use it',
    );
    assert.equal(
      await refusal(connect(forbidden)),
      'the broker at HOST refuses vhost "/": it is not there, or user "USER" may not use it',
    );
  }
  assert.deepEqual(log.take(), []);
});

link("what we may not do is told once, and done as soon as we may", async (bench, context) => {
  const url = await strangersUrl("/", ["^$", "^$", "^$"]);
  const user = new URL(url).username;
  const broker = await bench.connect({ url });
  const published = broker.publish([filesMessage(bench.source, 4)]);
  const hand = new Hand();
  await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
  await becomes(() => bench.errors.length >= 2, context);
  await node.ctl("set_permissions", "-p", "/", user, "^$", ".*", ".*");
  await published;
  const { delivery, settle } = await hand.next();
  assert.equal(numberOf(delivery.message), 4);
  settle(ack);
  const lines = bench.errors.map((error) => {
    assert.ok(error instanceof FatalError);
    return error.message.replaceAll(bench.source, "SOURCE").replaceAll(user, "USER");
  });
  const told =
    /^the broker at \S+ refuses user "USER": ACCESS_REFUSED - .* '(brigade\.SOURCE\.[.\w]+)' in vhost '\/' refused for user 'USER'$/;
  assert.deepEqual(lines.map((line) => told.exec(line)?.[1] ?? line).toSorted(), [
    "brigade.SOURCE.files",
    "brigade.SOURCE.x.work",
  ]);
});

test("queues that are not there yet are waited for, by consumers and publishers, with a line each", async (context) => {
  await using bench = await RabbitBench.bare(node.url);
  const broker = await bench.connect();
  bench.log.take();
  const hand = new Hand();
  await broker.consume(queueOf(bench, "directories"), { prefetch: 1 }, hand.handle);
  const published = broker.publish([directoryMessage(bench.source, 1), directoryMessage(bench.source, 2)]);
  assert.equal(await broker.depth(queueOf(bench, "files")), 0);
  await becomes(() => bench.log.lines.length >= 2, context);
  // Others are not held up.
  await broker.publish([filesMessage(await bench.otherSource())]);
  assert.deepEqual(bench.log.take().toSorted(), [
    "warn: publishing waits",
    "warn: waiting for a queue that `brigade start` makes",
  ]);
  await bench.admin.declare(bench.source);
  await published;
  const numbers: number[] = [];
  for (const { delivery, settle } of [await hand.next()]) {
    numbers.push(numberOf(delivery.message));
    settle(ack);
  }
  const second = await hand.next();
  second.settle(ack);
  numbers.push(numberOf(second.delivery.message));
  assert.deepEqual(numbers.toSorted(), [1, 2]);
  assert.deepEqual(bench.log.take().toSorted(), ["info: publishing goes on", "info: the queue is there"]);
  assert.equal(broker.state, "connected");
});

link(
  "a queue that is removed under its consumer loses the deliveries; made again, it is consumed",
  async (bench, context) => {
    const broker = await bench.connect();
    await broker.publish([filesMessage(bench.source, 1)]);
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const { delivery, settle } = await hand.next();
    await bench.admin.remove(bench.source);
    await becomes(() => delivery.signal.aborted, context);
    settle(ack);
    await bench.admin.declare(bench.source);
    await broker.publish([filesMessage(bench.source, 2)]);
    const next = await hand.next();
    assert.equal(numberOf(next.delivery.message), 2);
    next.settle(ack);
  },
);

link("what no queue takes is published when one does", async (bench, context) => {
  const broker = await bench.connect();
  bench.log.take();
  await broker.publish([filesMessage(bench.source, 1)]);
  await node.ctl("delete_queue", `brigade.${bench.source}.files`);
  const published = broker.publish([filesMessage(bench.source, 2)]);
  await becomes(() => bench.log.lines.length > 0, context);
  assert.deepEqual(bench.log.take(), ["warn: publishing waits"]);
  await bench.admin.declare(bench.source);
  await published;
  await depthBecomes(broker, queueOf(bench, "files"), 1, context);
  assert.deepEqual(bench.log.take(), ["info: publishing goes on"]);
});

link(
  "a memory alarm blocks publishing, not consuming; it is told when it begins and ends",
  async (bench, context) => {
    const broker = await bench.connect();
    await broker.publish([0, 1, 2].map((number) => filesMessage(bench.source, number)));
    bench.log.take();
    await node.ctl("set_vm_memory_high_watermark", "0.0001");
    const published = Promise.all(
      [3, 4].map((number) => broker.publish([filesMessage(bench.source, number)])),
    );
    await becomes(() => broker.state === "blocked", context);
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    for (let times = 0; times < 3; times++) (await hand.next()).settle(ack);
    assert.equal(await broker.depth(queueOf(bench, "files")), 0);
    assert.deepEqual(bench.log.take(), ["warn: the broker accepts no messages: publishing waits"]);
    await node.ctl("set_vm_memory_high_watermark", "0.6");
    await published;
    for (let times = 0; times < 2; times++) (await hand.next()).settle(ack);
    assert.equal(broker.state, "connected");
    assert.deepEqual(bench.log.take(), ["info: the broker accepts messages again"]);
  },
);
