import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { HostError } from "@brigade/core";
import { ack, becomes, Hand } from "./conformance/bench.ts";
import { embeddedTest } from "./embedded-bench.ts";
import { filesMessage, numberOf } from "./sample-messages.ts";

const files = { source: "photos", queue: "files" } as const;
const name = "n".repeat(8_000);

embeddedTest(
  "a full disk confirms nothing, is reported once, lets consumers work, and goes on by itself",
  async (bench, context) => {
    const broker = await bench.broker({ maxBytes: 1 << 20 });
    let confirmed = 0;
    const publishing = Array.from({ length: 300 }, async (_, number) => {
      await broker.publish([filesMessage("photos", number, name)]);
      confirmed++;
    });
    await broker.busy("photos");
    const { ready } = await broker.busy("photos");
    assert.ok(ready > 50 && ready < 200, `${ready} messages of 8 kB in 1 MiB`);
    assert.equal(confirmed, ready);
    assert.equal(bench.errors.length, 1);
    assert.ok(bench.errors[0] instanceof HostError && bench.errors[0].kind === "full");
    assert.ok(bench.errors[0].message.includes(bench.path));

    const numbers = new Set<number>();
    await using _ = await broker.consume(files, { prefetch: 20 }, async ({ message }) => {
      numbers.add(numberOf(message));
      return ack;
    });
    await Promise.all(publishing);
    await becomes(
      async () => Object.values(await broker.busy("photos")).every((count) => count === 0),
      context,
    );
    assert.equal(numbers.size, 300);
  },
);

embeddedTest(
  "what a full disk kept out is refused when the broker goes, and is not there later",
  async (bench) => {
    const broker = await bench.broker({ maxBytes: 1 << 20 });
    const publishing = Array.from({ length: 300 }, (_, number) =>
      broker.publish([filesMessage("photos", number, name)]),
    );
    const settled = Promise.allSettled(publishing);
    await broker.busy("photos");
    await broker[Symbol.asyncDispose]();
    const confirmed = (await settled).filter(({ status }) => status === "fulfilled").length;
    assert.ok(confirmed < 300);
    assert.equal(await (await bench.broker()).depth(files), confirmed);
  },
);

embeddedTest(
  "the file does not grow with the number of messages that pass, and is small again when all are gone",
  async (bench) => {
    const broker = await bench.broker();
    const hand = new Hand();
    await broker.consume(files, { prefetch: 50 }, hand.handle);
    const pass = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        await broker.publish(Array.from({ length: 50 }, () => filesMessage("photos", 0, name)));
        for (const { settle } of await hand.take(50)) settle(ack);
      }
      const sizes = await Promise.all([bench.path, `${bench.path}-wal`].map((path) => stat(path)));
      return sizes.reduce((sum, { size }) => sum + size, 0);
    };
    const early = await pass(60);
    const late = await pass(180);
    assert.ok(late < early * 1.25, `${early} bytes after 3,000 messages, ${late} after 12,000`);
    await broker[Symbol.asyncDispose]();
    assert.ok((await stat(bench.path)).size < 200_000);
  },
);
