import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, type TestContext } from "node:test";
import { delay, type Presence } from "@brigade/core";
import { connect } from "amqplib";
import { startNode } from "../../../../../test/rabbitmq/index.ts";
import { untilAborted } from "../../../src/rabbitmq/connecting/until-aborted.ts";
import type { RabbitBroker } from "../../../src/rabbitmq/rabbit-broker.ts";
import { ack, becomes, benchTest, Hand, queueOf } from "../../conformance/bench.ts";
import { filesMessage, numberOf } from "../../sample-messages.ts";
import { RabbitBench } from "../bench.ts";

const node = await startNode();
after(() => node[Symbol.asyncDispose]());

const presenceTest = (title: string, body: Parameters<typeof benchTest<RabbitBench>>[2]) =>
  benchTest(title, () => RabbitBench.create(node.url), body);

const notTold = "warn: the broker refuses the reports of this service about itself; the work goes on";
const notHeard = "warn: the broker refuses us the reports of other services; the work goes on";

const presence = (instance: string): Presence => ({
  v: 1,
  service: "downloader",
  host: "箱 1",
  instance,
  at: 1_700_000_000_000,
  everyMs: 5_000,
  sources: [{ name: "photos", pauses: ["no room"] }],
  volumes: [{ id: "v1", label: "red", root: "/disks/1", free: 7, size: 9_000_000_000_000 }],
});

/** Whoever listens remembers it here. */
class Audience {
  readonly heard: Presence[] = [];
  readonly listen = (one: Presence) => void this.heard.push(one);

  get instances(): string[] {
    return [...new Set(this.heard.map(({ instance }) => instance))];
  }
}

/** Says it until it is heard: words before a listener is there, or a connection, are lost. */
async function isHeard(speaker: RabbitBroker, audience: Audience, instance: string, context: TestContext) {
  await becomes(() => {
    speaker.announce(presence(instance));
    return audience.instances.includes(instance);
  }, context);
}

async function queuesOfListeners(): Promise<string[]> {
  const names = await node.ctl("list_queues", "name");
  return names.split("\n").filter((name) => name.startsWith("brigade.presence."));
}

/** A user with these rights; `allow` gives others. */
async function stranger(...rights: readonly string[]) {
  const user = `stranger-${randomUUID()}`;
  const allow = (...others: readonly string[]) => node.ctl("set_permissions", "-p", "/", user, ...others);
  await node.ctl("add_user", user, "secret");
  await allow(...rights);
  const url = new URL(node.url);
  url.username = user;
  url.password = "secret";
  return { url: url.href, allow };
}

/** Long waits end when the test says so. */
function rests() {
  let rest = Promise.withResolvers<void>();
  let count = 0;
  return {
    /** How many began. */
    get count() {
      return count;
    },
    end() {
      rest.resolve();
      rest = Promise.withResolvers();
    },
    delay: async (ms: number, signal: AbortSignal) => {
      if (ms < 60_000) return await delay(ms, signal);
      count++;
      await untilAborted(rest.promise, signal);
    },
  };
}

presenceTest("the report of a service reaches all listeners", async (bench, context) => {
  const speaker = await bench.connect();
  const audiences = [new Audience(), new Audience()];
  for (const { listen } of audiences) (await bench.connect()).onPresence(listen);
  for (const audience of audiences) await isHeard(speaker, audience, "one", context);
  for (const { heard } of audiences) assert.deepEqual(heard[0], presence("one"));
});

presenceTest("it is heard again when all connections were closed", async (bench, context) => {
  const [speaker, hearer] = [await bench.connect(), await bench.connect()];
  const audience = new Audience();
  hearer.onPresence(audience.listen);
  await isHeard(speaker, audience, "before", context);
  const closed = node.ctl("close_all_connections", "--global", "by the test");
  await becomes(() => hearer.state === "connecting", context);
  await closed;
  await isHeard(speaker, audience, "after", context);
  assert.doesNotMatch(bench.log.take().join(), /the work goes on/);
  assert.deepEqual(bench.errors, []);
});

presenceTest(
  "a listener whose queue was deleted gets reports again after a pause",
  async (bench, context) => {
    const wait = rests();
    const [speaker, hearer] = [await bench.connect(), await bench.connect({ delay: wait.delay })];
    const audience = new Audience();
    hearer.onPresence(audience.listen);
    await isHeard(speaker, audience, "before", context);
    bench.log.take();
    const [queue = ""] = await queuesOfListeners();
    await node.ctl("delete_queue", queue);
    await becomes(() => wait.count > 0, context);
    assert.deepEqual(bench.log.take(), [notHeard]);
    wait.end();
    await isHeard(speaker, audience, "after", context);
    assert.deepEqual(bench.errors, []);
  },
);

presenceTest("no report is kept for services that do not listen (any more)", async (bench, context) => {
  const [speaker, hearer] = [await bench.connect(), await bench.connect()];
  const audience = new Audience();
  const subscription = hearer.onPresence(audience.listen);
  await isHeard(speaker, audience, "one", context);
  await becomes(async () => (await queuesOfListeners()).length === 1, context);
  await subscription[Symbol.asyncDispose]();
  await becomes(async () => (await queuesOfListeners()).length === 0, context);
  speaker.announce(presence("two"));
  await speaker.publish([filesMessage(bench.source)]);
  const depths = Object.values((await bench.admin.depths(bench.source)) ?? {});
  assert.equal(
    depths.reduce((sum, depth) => sum + depth, 0),
    1,
  );
  hearer.onPresence(audience.listen);
  await isHeard(speaker, audience, "three", context);
  assert.deepEqual(audience.instances, ["one", "three"]);
});

presenceTest(
  "the last word before leaving is heard, also when it is the only one",
  async (bench, context) => {
    const audience = new Audience();
    const [hearer, witness] = [await bench.connect(), await bench.connect()];
    hearer.onPresence(audience.listen);
    await isHeard(witness, audience, "witness", context);
    const leaver = await bench.connect();
    leaver.announce({ ...presence("leaver"), leaving: true });
    await leaver[Symbol.asyncDispose]();
    leaver.announce(presence("too late"));
    await isHeard(witness, audience, "later", context);
    assert.deepEqual(audience.instances, ["witness", "leaver", "later"]);
  },
);

presenceTest(
  "a service whose reports are refused warns once, its work goes on, and it reports as soon as it may",
  async (bench, context) => {
    const { url, allow } = await stranger("^$", "^brigade[.]", "^brigade[.]");
    const wait = rests();
    const speaker = await bench.connect({ url, delay: wait.delay });
    bench.log.take();
    const hand = new Hand();
    await speaker.publish([filesMessage(bench.source, 1)]);
    await speaker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const held = await hand.next();
    await becomes(() => {
      speaker.announce(presence("one"));
      return wait.count > 0;
    }, context);
    for (let times = 0; times < 20; times++) {
      speaker.announce(presence("one"));
      await speaker.publish([filesMessage(bench.source, 2 + times)]);
    }
    assert.equal(wait.count, 1);
    assert.equal(held.delivery.signal.aborted, false);
    held.settle(ack);
    for (let times = 0; times < 20; times++) {
      const { delivery, settle } = await hand.next();
      assert.deepEqual([numberOf(delivery.message), delivery.deliveries], [2 + times, 0]);
      settle(ack);
    }
    wait.end();
    await becomes(() => {
      speaker.announce(presence("one"));
      return wait.count > 1;
    }, context);
    assert.equal(speaker.state, "connected");
    assert.deepEqual(bench.log.take(), [notTold]);

    await allow("^$", "^brigade[.]|^amq[.]topic$", "^brigade[.]");
    wait.end();
    const audience = new Audience();
    (await bench.connect()).onPresence(audience.listen);
    await isHeard(speaker, audience, "two", context);
    assert.deepEqual(bench.errors, []);
  },
);

presenceTest(
  "a listener without the right to listen warns once, its work goes on, and it gets reports as soon as it may",
  async (bench, context) => {
    const { url, allow } = await stranger("^$", "^brigade[.]", "^brigade[.]");
    const wait = rests();
    const [speaker, hearer] = [await bench.connect(), await bench.connect({ url, delay: wait.delay })];
    bench.log.take();
    const hand = new Hand();
    await speaker.publish([filesMessage(bench.source, 1), filesMessage(bench.source, 2)]);
    await hearer.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const held = await hand.next();
    const audience = new Audience();
    hearer.onPresence(audience.listen);
    await becomes(() => wait.count > 0, context);
    assert.equal(held.delivery.signal.aborted, false);
    held.settle(ack);
    const next = await hand.next();
    assert.equal(numberOf(next.delivery.message), 2);
    next.settle(ack);
    wait.end();
    await becomes(() => wait.count > 1, context);
    assert.equal(hearer.state, "connected");
    assert.deepEqual(bench.log.take(), [notHeard]);

    await allow("^brigade[.]presence[.]", "^brigade[.]", "^brigade[.]|^amq[.]topic$");
    wait.end();
    await isHeard(speaker, audience, "one", context);
    assert.deepEqual(bench.log.take(), []);
    assert.deepEqual(bench.errors, []);
  },
);

presenceTest("what is no presence is dropped, with a line for developers", async (bench, context) => {
  const audience = new Audience();
  const [speaker, hearer] = [await bench.connect(), await bench.connect()];
  hearer.onPresence(audience.listen);
  await isHeard(speaker, audience, "before", context);
  bench.log.lines.splice(0);
  const other = await connect(node.url);
  const channel = await other.createConfirmChannel();
  const garbage = ["", "no JSON", "{}", JSON.stringify({ ...presence("garbage"), v: 2 }), "\u0000\ufffd"];
  for (const text of garbage) channel.publish("amq.topic", "brigade.presence", Buffer.from(text));
  await channel.waitForConfirms();
  await other.close();
  await isHeard(speaker, audience, "after", context);
  assert.deepEqual(audience.instances, ["before", "after"]);
  assert.deepEqual(
    bench.log.lines.map(({ level }) => level),
    garbage.map(() => "debug"),
  );
});

presenceTest("a listener's error is reported, and it gets the next report", async (bench, context) => {
  const audience = new Audience();
  const [speaker, hearer] = [await bench.connect(), await bench.connect()];
  const broken = new Error("a bug");
  hearer.onPresence((one) => {
    audience.listen(one);
    if (one.instance === "one") throw broken;
  });
  await isHeard(speaker, audience, "one", context);
  await isHeard(speaker, audience, "two", context);
  assert.deepEqual([...new Set(bench.errors)], [broken]);
});

presenceTest(
  "what is reported while the broker accepts no messages never arrives",
  async (bench, context) => {
    const audience = new Audience();
    const [speaker, hearer] = [await bench.connect(), await bench.connect()];
    hearer.onPresence(audience.listen);
    await isHeard(speaker, audience, "before", context);
    await node.ctl("set_vm_memory_high_watermark", "0.0001");
    const published = speaker.publish([filesMessage(bench.source)]);
    await becomes(() => speaker.state === "blocked", context);
    for (let times = 0; times < 10; times++) speaker.announce(presence("meanwhile"));
    await node.ctl("set_vm_memory_high_watermark", "0.6");
    await published;
    await isHeard(speaker, audience, "after", context);
    assert.deepEqual(audience.instances, ["before", "after"]);
  },
);
