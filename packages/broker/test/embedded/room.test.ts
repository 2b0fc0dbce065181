import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { ack, Hand } from "../conformance/bench.ts";
import { filesMessage } from "../sample-messages.ts";
import { embeddedTest } from "./bench.ts";

const files = { source: "photos", queue: "files" } as const;
const name = "n".repeat(8_000);

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
