import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type DirectFetch, type DirectOutcome, HostError, SourceError } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, outcomesIn, setUp } from "../set-up.ts";

const stored: DirectOutcome = {
  kind: "stored",
  stored: { size: 5, md5: "5d41402abc4b2a76b9719d911017c592", verified: true, storedAt: 1_000 },
};

/** A short way that gives these outcomes, by key; and what it was asked for. */
function shortWay(outcomes: Readonly<Record<string, DirectOutcome>>, isOpen = true) {
  const asked: string[] = [];
  const direct: DirectFetch = {
    isOpen,
    isWaitingForDisks: false,
    accepts: ({ key }) => key in outcomes,
    bring: async ({ objects }, _signal, came) => {
      for (const [at, { key }] of objects.entries()) {
        asked.push(key);
        came(at, outcomes[key] ?? { kind: "usual" });
      }
    },
  };
  return { direct, asked };
}

test("what came in the short way is reported, the rest of the batch comes in the usual way", async () => {
  const { direct, asked } = shortWay({ a: stored, b: { kind: "usual" } });
  const bucket = new Bucket({ a: "hello", b: "world", c: "again" });
  const volume = new MemoryVolume("v1");
  const { broker } = await setUp(bucket, { volumes: [volume], direct });
  const verdict = await broker.deliver("files", batch(["a:5", "b:5", "c:5"]));
  assert.equal(verdict.kind, "ack");
  assert.deepEqual(asked, ["a", "b"]);
  assert.deepEqual([...volume.files.keys()].sort(), ["b", "c"], "a was stored by the short way");
  assert.deepEqual(
    outcomesIn(broker)
      .map(({ name, outcome }) => [name, outcome])
      .sort(),
    [
      ["a", "stored"],
      ["b", "stored"],
      ["c", "stored"],
    ],
  );
});

test("nothing is asked of a short way that is closed", async () => {
  const { direct, asked } = shortWay({ a: stored }, false);
  const volume = new MemoryVolume("v1");
  const { broker } = await setUp(new Bucket({ a: "hello" }), { volumes: [volume], direct });
  assert.equal((await broker.deliver("files", batch(["a:5"]))).kind, "ack");
  assert.deepEqual(asked, []);
  assert.deepEqual([...volume.files.keys()], ["a"]);
});

test("the disks are what is waited for if all batches are in hand and most of their objects are to be stored", async () => {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const direct: DirectFetch = {
    isOpen: true,
    isWaitingForDisks: true,
    accepts: () => true,
    bring: async (_work, _signal, came) => {
      await end;
      came(0, stored);
    },
  };
  const { broker, downloader } = await setUp(new Bucket({ a: "hello" }), {
    volumes: [new MemoryVolume("v1")],
    direct,
    options: { prefetch: 2 },
  });
  const first = broker.deliver("files", batch(["a:5"]));
  await turn();
  assert.equal(downloader.isWaitingForDisks, true);
  resolve();
  await first;
  assert.equal(downloader.isWaitingForDisks, false, "more batches may come");
});

test("an error of the short way counts as the first try: damaged bytes are asked for again, past caches", async () => {
  const error = new SourceError("damaged", "a: another MD5");
  const { direct } = shortWay({ a: { kind: "usual", error } });
  const bucket = new Bucket({ a: "hello" });
  const { broker } = await setUp(bucket, { direct });
  assert.equal((await broker.deliver("files", batch(["a:5"]))).kind, "ack");
  assert.deepEqual(bucket.openedPastCaches, ["a"]);
});

test("a disk that failed in the short way is reported to the placement, and the object comes again", async () => {
  const error = new HostError("io", "the disk has failed");
  const { direct } = shortWay({ a: { kind: "usual", error } });
  const bucket = new Bucket({ a: "hello" });
  const { broker, placement } = await setUp(bucket, { direct });
  const verdict = await broker.deliver("files", batch(["a:5"]));
  assert.equal(verdict.kind, "retry");
  assert.deepEqual([...placement.retired.values()], ["io"]);
  assert.deepEqual(bucket.opened, [], "it is not fetched for that disk again");
});
