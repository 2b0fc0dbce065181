import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DirectoryMessage, Message, Suspicion } from "@brigade/core";
import { at, files, job, ListedBucket, setUp } from "./set-up.ts";

function positions(...directories: string[]) {
  return { ...at(), positions: directories.map((directory) => ({ directory, walk: 0, page: 1 })) };
}

const asked: Suspicion = { stage: "alone", deaths: 0, age: 300_000, rested: 0 };

describe("a directory message whose process died again and again", () => {
  test("is listed as any other until it is suspected", async () => {
    const bucket = new ListedBucket({ a: [{}], b: [{}] });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", positions("a", "b"), { deliveries: 1 });
    assert.deepEqual(verdict, { kind: "ack" });
    assert.deepEqual(bucket.asked.toSorted(), ["a@", "b@"]);
  });

  test("rests at its second loss, and is split when its process died while it handled nothing else", async () => {
    const bucket = new ListedBucket({ a: [{}], b: [{}] });
    const { broker } = await setUp(bucket);
    const suspicion: Suspicion = { stage: "rests", deaths: 0, age: 5_000, rested: 1_000 };
    const rests = await broker.deliver("directories", positions("a", "b"), { deliveries: 2 });
    assert.deepEqual(rests, {
      kind: "retry",
      delay: 1_000,
      remainder: [{ ...positions("a", "b"), suspicion }],
    });
    const message = { ...positions("a", "b"), suspicion: asked };
    const split = await broker.deliver("directories", message, { deliveries: 1 });
    assert.ok(split.kind === "retry");
    const alike = { ...suspicion, age: asked.age };
    assert.deepEqual(split.remainder, [
      { ...positions("a"), suspicion: alike },
      { ...positions("b"), suspicion: alike },
    ]);
    assert.deepEqual([bucket.asked, broker.published], [[], []]);
  });

  test("is listed when nothing else is in hand; what is left of it is not suspected any more", async () => {
    const bucket = new ListedBucket({ suspect: [{ files: files("x") }] });
    const { broker, lister } = await setUp(bucket);
    const resting: DirectoryMessage = { ...positions("suspect"), suspicion: { ...asked, stage: "rests" } };
    const verdict = await broker.deliver("directories", resting);
    assert.ok(verdict.kind === "retry" && verdict.delay === 1_000);
    while (!broker.events.includes("first of directories")) await new Promise(setImmediate);
    const [suspect] = verdict.remainder;
    assert.ok(suspect);
    assert.deepEqual(await broker.deliver("directories", suspect), { kind: "ack" });
    while (lister.pauses.length > 0) await new Promise(setImmediate);
    assert.deepEqual(bucket.asked, ["suspect@"]);
  });

  test("ends dead when four processes died of it alone, its directory recorded as failed, unlisted", async () => {
    const bucket = new ListedBucket({ a: [{}] });
    const { broker } = await setUp(bucket);
    const message = { ...positions("a"), suspicion: { ...asked, deaths: 3 } };
    const verdict = await broker.deliver("directories", message, { deliveries: 1 });
    assert.ok(verdict.kind === "reject");
    assert.match(verdict.reason, /its process died 4 times/);
    const [record, ...more] = broker.publishedOf("page");
    assert.deepEqual(
      [record?.directory, record?.end, record?.reason, more],
      ["a", "failed", verdict.reason, []],
    );
    assert.deepEqual([bucket.asked, record?.job.id], [[], job.id]);
  });
});

describe("a directory message that can be held no longer", () => {
  test("comes back whole; while it is still being listed it is waited for, and what is recorded then is not listed again", async () => {
    const bucket = new ListedBucket({ slow: [{ files: files("x") }] });
    const gate = Promise.withResolvers<void>();
    bucket.failing = () => gate.promise;
    const recorded = new Set<string>();
    const { broker } = await setUp(bucket, {
      history: {
        recorded: async ({ directory }) => (recorded.has(directory) ? { id: "p", end: "last" } : undefined),
      },
    });
    broker.onPublish = (messages) => {
      for (const one of messages) if (one.type === "page") recorded.add(one.directory);
    };
    let handOver: (() => Promise<readonly Message[]>) | undefined;
    const listing = broker.deliver("directories", positions("slow"), {
      onOverdue: (remainder) => {
        handOver = remainder;
      },
    });
    while (bucket.asked.length === 0) await new Promise(setImmediate);
    assert.ok(handOver);
    assert.deepEqual(await handOver(), [positions("slow")]);
    const again = broker.deliver("directories", { ...positions("slow"), inHand: true });
    for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
    gate.resolve();
    assert.deepEqual([await listing, await again], [{ kind: "ack" }, { kind: "ack" }]);
    assert.deepEqual([bucket.asked, broker.publishedOf("page").length], [["slow@"], 1]);
  });
});
