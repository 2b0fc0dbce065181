import assert from "node:assert/strict";
import { test } from "node:test";
import { at, files, ListedBucket, setUp } from "../set-up.ts";

const names = Array.from({ length: 16 }, (_, i) => `d${i}`);
const message = { ...at(), positions: names.map((directory) => ({ directory, walk: 0, page: 1 })) };

test("small directories that came in one message share batches", async () => {
  const bucket = new ListedBucket(
    Object.fromEntries(names.map((name) => [name, [{ files: files("a", "b") }]])),
  );
  const { broker } = await setUp(bucket);
  await broker.deliver("directories", message);
  const batches = broker.publishedOf("files");
  assert.deepEqual(
    batches.map(({ slices }) => slices.length),
    [16],
  );
});

test("wide directories of one message are reported one by one, before all of them are listed", async () => {
  const children = Array.from({ length: 1_000 }, (_, i) => `c${i}`);
  const bucket = new ListedBucket(
    Object.fromEntries(names.map((name) => [name, [{ directories: children }]])),
  );
  const { broker } = await setUp(bucket, { options: { concurrency: { most: 2, isSought: false } } });
  const listedAtFirstTelling = Promise.withResolvers<number>();
  broker.onPublish = () => listedAtFirstTelling.resolve(bucket.asked.length);
  assert.deepEqual(await broker.deliver("directories", message), { kind: "ack" });
  assert.ok((await listedAtFirstTelling.promise) <= 2);
  const told = broker.publishedOf("page").map(({ directory }) => directory);
  assert.deepEqual(told.toSorted(), names.toSorted());
  const named = broker.publishedOf("directory").flatMap(({ positions }) => positions);
  assert.equal(named.length, 16_000);
});

test("when a directory of a message fails, the listed ones are reported and only the rest is repeated", async () => {
  const bucket = new ListedBucket({ d0: [{ files: files("a") }], d1: [{ files: files("b") }] });
  const { broker } = await setUp(bucket);
  const verdict = await broker.deliver("directories", {
    ...message,
    positions: message.positions.slice(0, 3),
  });
  assert.ok(verdict.kind === "retry");
  assert.deepEqual(
    verdict.remainder.flatMap((one) => (one.type === "directory" ? one.positions : [])),
    [{ directory: "d2", walk: 0, page: 1 }],
  );
  assert.deepEqual(
    broker.publishedOf("page").map(({ directory }) => directory),
    ["d0", "d1"],
  );
});

test("of a message with many directories, those that are not begun when too much waits downstream are given back", async () => {
  const bucket = new ListedBucket(Object.fromEntries(names.map((name) => [name, [{ files: files("a") }]])));
  const { broker, clock, lister } = await setUp(bucket, {
    options: { concurrency: { most: 1, isSought: false }, highWater: 100 },
  });
  bucket.failing = () => {
    broker.depths.set("files", 500);
    clock.now += 1_000;
  };
  const verdict = await broker.deliver("directories", message);
  await lister[Symbol.asyncDispose]();
  assert.ok(verdict.kind === "retry");
  assert.ok(bucket.asked.length < names.length);
  const left = verdict.remainder.flatMap((one) => (one.type === "directory" ? one.positions : []));
  assert.deepEqual(
    [...bucket.asked.map((asked) => asked.slice(0, -1)), ...left.map(({ directory }) => directory)],
    names,
  );
  assert.ok(verdict.remainder.every((one) => one.type === "directory" && one.attempt === 0));
});
