import assert from "node:assert/strict";
import { after } from "node:test";
import { FatalError, HostError } from "@brigade/core";
import { chooseBroker } from "../../../../test/rabbitmq/index.ts";
import { connectBrokerAdmin } from "../../src/rabbitmq/admin/admin.ts";
import { ack, becomes, benchTest, depthBecomes, Hand, queueOf } from "../conformance/bench.ts";
import { directoryMessage, filesMessage, numberOf, pageMessage, resultMessage } from "../sample-messages.ts";
import { RabbitBench } from "./bench.ts";

const chosen = await chooseBroker();
after(() => chosen[Symbol.asyncDispose]());

const rabbit = (title: string, body: Parameters<typeof benchTest<RabbitBench>>[2]) =>
  benchTest(title, () => RabbitBench.create(chosen.url), body);

const numbered = (bench: RabbitBench, numbers: readonly number[]) =>
  numbers.map((number) => filesMessage(bench.source, number));

rabbit(
  "what arrives while handlers of before a pause still run waits, and a pause gives it back uncounted",
  async (bench, context) => {
    const broker = await bench.broker();
    const queue = queueOf(bench, "files");
    await broker.publish(numbered(bench, [0, 1, 2, 3, 4]));
    const hand = new Hand();
    const subscription = await broker.consume(queue, { prefetch: 2 }, hand.handle);
    const running = await hand.take(2);
    await subscription.pause();
    await subscription.resume();
    await depthBecomes(broker, queue, 1, context);
    assert.equal(hand.deliveries.length, 2);
    await subscription.pause();
    await depthBecomes(broker, queue, 3, context);
    for (const { settle } of running) settle(ack);
    await subscription[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();

    const next = await bench.broker();
    const heir = new Hand();
    await next.consume(queue, { prefetch: 5 }, heir.handle);
    const counts: number[][] = [];
    for (const { delivery, settle } of await heir.take(3)) {
      counts.push([numberOf(delivery.message), delivery.deliveries]);
      settle(ack);
    }
    assert.deepEqual(counts.toSorted(), [
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
  },
);

rabbit("a clean disposal gives back what is held, uncounted", async (bench) => {
  const broker = await bench.broker();
  await broker.publish(numbered(bench, [0, 1, 2]));
  const hand = new Hand();
  await broker.consume(queueOf(bench, "files"), { prefetch: 2 }, hand.handle);
  const [early, late] = await hand.take(2);
  const disposed = broker[Symbol.asyncDispose]();
  early?.settle(ack);
  await disposed;
  late?.settle(ack);
  const heir = new Hand();
  await (await bench.broker()).consume(queueOf(bench, "files"), { prefetch: 3 }, heir.handle);
  const again = await heir.take(3);
  assert.deepEqual(
    again.map(({ delivery }) => [numberOf(delivery.message), delivery.deliveries]).toSorted(),
    [
      [0, 0],
      [1, 0],
      [2, 0],
    ],
  );
  for (const { settle } of again) settle(ack);
});

rabbit("two processes share a queue: each message is handled once, by both some", async (bench, context) => {
  const queue = queueOf(bench, "files");
  const seen: number[][] = [[], []];
  for (const numbers of seen) {
    const broker = await bench.broker();
    await broker.consume(queue, { prefetch: 4 }, async ({ message }) => {
      numbers.push(numberOf(message));
      await bench.pass(1);
      return ack;
    });
  }
  const all = Array.from({ length: 300 }, (_, number) => number);
  await (await bench.broker()).publish(numbered(bench, all));
  await becomes(() => seen.flat().length >= all.length, context);
  assert.deepEqual(
    seen.flat().toSorted((one, other) => one - other),
    all,
  );
  for (const numbers of seen) assert.ok(numbers.length > 0);
});

rabbit("records that were to wait come back among the records", async (bench) => {
  const broker = await bench.broker();
  await broker.publish([pageMessage(bench.source)]);
  const hand = new Hand();
  await broker.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
  const remainder = [resultMessage(bench.source)];
  (await hand.next()).settle({ kind: "retry", remainder, delay: 1_000 });
  const { delivery, settle } = await hand.next();
  settle(ack);
  assert.deepEqual(delivery.message, remainder[0]);
});

rabbit(
  "of two consumers of the records only one receives, and the other when that has gone",
  async (bench, context) => {
    const [first, second] = [await bench.broker(), await bench.broker()];
    const queue = queueOf(bench, "records");
    const [hand, heir] = [new Hand(), new Hand()];
    await first.publish([pageMessage(bench.source), pageMessage(bench.source)]);
    await first.consume(queue, { prefetch: 1 }, hand.handle);
    await hand.next();
    await second.consume(queue, { prefetch: 5 }, heir.handle);
    await depthBecomes(first, queue, 1, context);
    assert.equal(heir.deliveries.length, 0);
    await bench.crash(first);
    for (const { settle } of await heir.take(2)) settle(ack);
  },
);

rabbit("queues are made once, and told from those that are there", async (bench) => {
  const { admin } = bench;
  assert.equal(await admin.declare(bench.source), "there");
  await admin.remove(bench.source);
  assert.equal(await admin.depths(bench.source), undefined);
  assert.equal(await admin.declare(bench.source), "made");
  const none = { directories: 0, files: 0, retry: 0, wait: 0, records: 0, dead: 0 };
  assert.deepEqual(await admin.depths(bench.source), none);
});

rabbit("a purge empties all queues of its source but the dead letters", async (bench, context) => {
  const { admin, source } = bench;
  const broker = await bench.broker();
  await admin.publish([directoryMessage(source), pageMessage(source), ...numbered(bench, [0, 1, 2])]);
  const otherSource = await bench.otherSource();
  await admin.publish([filesMessage(otherSource)]);
  const hand = new Hand();
  const subscription = await broker.consume(queueOf(bench, "files"), { prefetch: 2 }, hand.handle);
  const [delayed, dead] = await hand.take(2);
  const paused = subscription.pause();
  delayed?.settle({ kind: "retry", remainder: numbered(bench, [9]), delay: 600_000 });
  dead?.settle({ kind: "reject", reason: "no good" });
  await paused;
  const filled = { directories: 1, files: 1, retry: 0, wait: 1, records: 1, dead: 1 };
  await becomes(async () => JSON.stringify(await admin.depths(source)) === JSON.stringify(filled), context);
  assert.equal(await admin.purge(source), 4);
  const emptied = { directories: 0, files: 0, retry: 0, wait: 0, records: 0, dead: 1 };
  await becomes(async () => JSON.stringify(await admin.depths(source)) === JSON.stringify(emptied), context);
  assert.equal((await admin.depths(otherSource))?.files, 1);
});

/** Three dead letters: an unreadable one among the files, then a directory, then files. */
async function die(bench: RabbitBench): Promise<void> {
  const broker = await bench.broker();
  await bench.inject(queueOf(bench, "files"), "garbage");
  const unread = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, async () => ack);
  while ((await bench.admin.depths(bench.source))?.dead !== 1) await bench.pass(5);
  await unread[Symbol.asyncDispose]();
  for (const [queue, message] of [
    ["directories", directoryMessage(bench.source, 5)],
    ["files", filesMessage(bench.source, 6)],
  ] as const) {
    await broker.publish([message]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, queue), { prefetch: 1 }, hand.handle);
    (await hand.next()).settle({ kind: "reject", reason: `no good ${queue} 猫` });
  }
  await broker[Symbol.asyncDispose]();
  while ((await bench.admin.depths(bench.source))?.dead !== 3) await bench.pass(5);
}

rabbit(
  "dead letters tell what, why, when, where; the oldest first; looking at them changes nothing",
  async (bench) => {
    const before = Math.floor(Date.now() / 1_000) * 1_000;
    await die(bench);
    for (let look = 0; look < 3; look++) {
      const letters = await bench.deadLetters(bench.source);
      assert.deepEqual(
        letters.map(({ queue, reason }) => [queue, reason.replace(/ \(.*/, "")]),
        [
          ["files", letters[0]?.reason ?? ""],
          ["directories", "no good directories 猫"],
          ["files", "no good files 猫"],
        ].map(([queue = "", reason = ""]) => [queue, reason.replace(/ \(.*/, "")]),
      );
      assert.equal(letters[0]?.body, "garbage");
      assert.match(letters[0]?.reason ?? "", /not JSON/);
      assert.equal(new Set(letters.map(({ id }) => id)).size, 3);
      for (const { at, host, id } of letters) {
        assert.ok(at >= before && at <= Date.now());
        assert.ok(host);
        assert.match(id, /^[0-9a-f-]{36}$/);
      }
    }
    assert.equal((await bench.admin.deadLetters(bench.source, 2)).length, 2);
    assert.deepEqual(await bench.deadLetters("nobody"), []);
  },
);

rabbit("dead letters are replayed as if new; what cannot be read stays", async (bench, context) => {
  await die(bench);
  const { admin, source } = bench;
  const [, directory] = await admin.deadLetters(source);
  assert.deepEqual(await admin.replay(source, [directory?.id ?? "", "no-such-id"]), {
    replayed: 1,
    skipped: 0,
  });
  await becomes(async () => (await admin.depths(source))?.dead === 2, context);
  assert.deepEqual(await admin.replay(source), { replayed: 1, skipped: 1 });
  await becomes(async () => (await admin.depths(source))?.dead === 1, context);
  const broker = await bench.broker();
  for (const [queue, message] of [
    ["directories", directoryMessage(source, 5)],
    ["retry", filesMessage(source, 0)],
  ] as const) {
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, queue), { prefetch: 1 }, hand.handle);
    const { delivery, settle } = await hand.next();
    settle(ack);
    assert.deepEqual(delivery.message, message);
    assert.equal(delivery.deliveries, 0);
  }
});

rabbit("dead letters are dropped, those that were named or all", async (bench, context) => {
  await die(bench);
  const { admin, source } = bench;
  const [first] = await admin.deadLetters(source);
  assert.equal(await admin.drop(source, [first?.id ?? ""]), 1);
  await becomes(async () => (await admin.depths(source))?.dead === 2, context);
  assert.equal(await admin.drop(source), 2);
  await becomes(async () => (await admin.depths(source))?.dead === 0, context);
  assert.equal(await admin.drop(source), 0);
});

rabbit(
  "what an operator asks of a broker that is away, or of queues that are not there, fails with one line",
  async (bench) => {
    const relay = await bench.relay();
    const { log } = bench;
    const admin = await connectBrokerAdmin({ url: relay.url, connectionName: "test", log });
    await bench.admin.remove(bench.source);
    await assert.rejects(admin.publish([filesMessage(bench.source)]), FatalError);
    relay.cut();
    await assert.rejects(admin.depths(bench.source), HostError);
    await admin[Symbol.asyncDispose]();
    const url = new URL(relay.url);
    await assert.rejects(
      connectBrokerAdmin({ url: url.href, connectionName: "test", log }),
      (error: unknown) => {
        assert.ok(error instanceof HostError);
        assert.ok(error.message.startsWith(`the broker at ${url.host}: `));
        assert.doesNotMatch(error.message, /guest|\n/);
        return true;
      },
    );
  },
);
