import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FatalError } from "@brigade/core";
import { RecordingLog } from "../../../test/logs.ts";
import { chooseBroker } from "../../../test/rabbitmq/index.ts";
import { SqliteBroker } from "../src/embedded/broker.ts";
import { ack, becomes, benchTest, Hand, queueOf } from "./conformance/bench.ts";
import { RabbitBench } from "./rabbitmq/bench.ts";
import { filesMessage, numberOf } from "./sample-messages.ts";

const chosen = await chooseBroker();
after(() => chosen[Symbol.asyncDispose]());

const newer = (source: string) => [
  JSON.stringify({ ...filesMessage(source, 1), v: 2, more: true }),
  JSON.stringify({ v: 1, type: "prune", job: { source } }),
];

benchTest(
  "RabbitMQ: messages of a newer version or of an unknown type wait, are counted, and go when queues are purged",
  () => RabbitBench.create(chosen.url),
  async (bench, context) => {
    const broker = await bench.broker();
    const { admin, source } = bench;
    bench.log.take();
    const queue = queueOf(bench, "files");
    for (const text of newer(source)) await bench.inject(queue, text);
    await broker.publish([filesMessage(source, 7)]);
    const hand = new Hand();
    await broker.consume(queue, { prefetch: 1 }, hand.handle);
    const { delivery, settle } = await hand.next();
    settle(ack);
    assert.equal(numberOf(delivery.message), 7);
    const waiting = { directories: 0, files: 0, retry: 0, wait: 2, records: 0, dead: 0 };
    await becomes(
      async () => JSON.stringify(await admin.depths(source)) === JSON.stringify(waiting),
      context,
    );
    assert.deepEqual(
      broker
        .newer(source)
        .map(({ needs, messages }) => [needs, messages])
        .toSorted(),
      [
        ["message version 2", 1],
        ['messages of type "prune"', 1],
      ],
    );
    const told = bench.log.take().filter((line) => /newer brigade/.test(line));
    assert.equal(told.length, 2);
    assert.equal(await admin.purge(source), 2);
    assert.deepEqual(bench.errors, []);
  },
);

test("embedded: a message of a newer version stays, and an error reports that the newer version is needed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "brigade-newer-"));
  const errors: unknown[] = [];
  const options = { path: join(folder, "queues.sqlite"), log: new RecordingLog() };
  const broker = await SqliteBroker.open({ ...options, onError: (error) => errors.push(error) });
  try {
    await broker.inject({ source: "photos", queue: "files" }, newer("photos")[0] ?? "");
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const push = errors.push.bind(errors);
    errors.push = (error) => {
      resolve();
      return push(error);
    };
    await broker.consume({ source: "photos", queue: "files" }, { prefetch: 1 }, async () => ack);
    await told;
    assert.ok(errors[0] instanceof FatalError);
    assert.match(errors[0].message, /newer brigade \(message version 2\)/);
    assert.deepEqual(await broker.deadLetters("photos"), []);
  } finally {
    await broker[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
});
