import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { turn } from "../../../../test/recording-broker.ts";
import { at, ListedBucket, setUp } from "../set-up.ts";

const bucket = () => new ListedBucket({ "": [{}] });

describe("back-pressure", () => {
  test("lets listing go on below the high-water mark", async () => {
    const { broker } = await setUp(bucket(), { options: { highWater: 100 } });
    broker.depths.set("files", 99);
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "ack" });
    assert.ok(!broker.events.includes("pause directories"));
  });

  test("pauses listing at the high-water mark and gives back what it holds", async () => {
    const source = bucket();
    const { broker, lister } = await setUp(source, { options: { highWater: 100 } });
    broker.depths.set("files", 100);
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "release" });
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "release" });
    assert.deepEqual([lister.pauses, source.asked], [["back-pressure"], []]);
    assert.deepEqual(broker.events.slice(0, 1), ["pause directories"]);
    await lister[Symbol.asyncDispose]();
  });

  test("counts everything downstream together: files, retries, waiting and records", async () => {
    const { broker, lister } = await setUp(bucket(), { options: { highWater: 100 } });
    for (const queue of ["files", "retry", "wait", "records"] as const) broker.depths.set(queue, 25);
    broker.depths.set("directories", 0);
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "release" });
    await lister[Symbol.asyncDispose]();
  });

  test("does not count the lister's own queue", async () => {
    const { broker } = await setUp(bucket(), { options: { highWater: 100 } });
    broker.depths.set("directories", 1_000_000);
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "ack" });
  });

  test("resumes listing at half of the high-water mark, not earlier", async () => {
    const { broker, lister, waits } = await setUp(bucket(), { options: { highWater: 100 } });
    broker.depths.set("records", 100);
    await broker.deliver("directories", at());
    for (const depth of [99, 51]) {
      broker.depths.set("records", depth);
      const seen = waits.length;
      while (waits.length < seen + 3) await turn();
      assert.deepEqual(lister.pauses, ["back-pressure"]);
    }
    broker.depths.set("records", 50);
    for (let i = 0; i < 20 && lister.pauses.length > 0; i++) await turn();
    await turn();
    assert.deepEqual(broker.events, ["pause directories", "resume directories"]);
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "ack" });
  });

  test("reads the depths at intervals, not at every page", async () => {
    const { broker, clock } = await setUp(bucket());
    let asked = 0;
    broker.depth = async () => {
      asked++;
      return 0;
    };
    for (let i = 0; i < 50; i++) await broker.deliver("directories", at());
    assert.equal(asked, 4, "once for each of the four queues");
    clock.now += 1_000;
    await broker.deliver("directories", at({ directory: "d0" }));
    assert.equal(asked, 8);
  });

  test("leaves fewer places for pages from a quarter of the high-water mark on", async () => {
    const directories = Array.from({ length: 1_000 }, (_, number) => `d${number}`);
    const source = new ListedBucket(Object.fromEntries(directories.map((directory) => [directory, [{}]])));
    source.failing = () => turn();
    const concurrency = { most: 9, isSought: true };
    const { broker, clock, lister } = await setUp(source, { options: { highWater: 100, concurrency } });
    const positions = directories.map((directory) => ({ directory, walk: 0, page: 1 }));
    await broker.deliver("directories", { ...at(), positions });
    const wasAtMost = lister.places.isAtMost;
    broker.depths.set("files", 25);
    clock.now += 1_000;
    const verdict = await broker.deliver("directories", at({ directory: "d0" }));
    await lister[Symbol.asyncDispose]();
    assert.deepEqual(verdict, { kind: "ack" });
    assert.deepEqual([wasAtMost, lister.places.isAtMost], [true, false]);
  });
});
