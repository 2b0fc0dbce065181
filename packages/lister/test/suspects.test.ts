import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { at, files, job, ListedBucket, setUp } from "./set-up.ts";

function positions(...directories: string[]) {
  return { ...at(), positions: directories.map((directory) => ({ directory, walk: 0, page: 1 })) };
}

describe("a directory message whose process died again and again", () => {
  test("is listed as any other until it is suspected", async () => {
    const bucket = new ListedBucket({ a: [{}], b: [{}] });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", positions("a", "b"), { deliveries: 2 });
    assert.deepEqual(verdict, { kind: "ack" });
    assert.deepEqual(bucket.asked.toSorted(), ["a@", "b@"]);
  });

  test("is split into single directories at its third loss, without listing them", async () => {
    const bucket = new ListedBucket({ a: [{}], b: [{}] });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", positions("a", "b"), { deliveries: 3 });
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [positions("a"), positions("b")]);
    assert.deepEqual([bucket.asked, broker.published], [[], []]);
  });

  test("runs alone: what comes meanwhile is given back", async () => {
    const bucket = new ListedBucket({ suspect: [{ files: files("x") }], next: [{}] });
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    bucket.failing = async () => {
      asked.resolve();
      await gate.promise;
    };
    const { broker, lister } = await setUp(bucket);
    const suspect = broker.deliver("directories", positions("suspect"), { deliveries: 4 });
    await asked.promise;
    assert.deepEqual(await broker.deliver("directories", positions("next")), { kind: "release" });
    gate.resolve();
    assert.deepEqual(await suspect, { kind: "ack" });
    assert.deepEqual([bucket.asked, lister.pauses], [["suspect@"], []]);
  });

  test("ends dead at its sixth loss, its directory recorded as failed, unlisted", async () => {
    const bucket = new ListedBucket({ a: [{}] });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", positions("a"), { deliveries: 6 });
    assert.deepEqual(verdict, { kind: "reject", reason: "its process died 6 times" });
    const [record, ...more] = broker.publishedOf("page");
    assert.deepEqual(
      [record?.directory, record?.end, record?.reason, more],
      ["a", "failed", "its process died 6 times", []],
    );
    assert.deepEqual([bucket.asked, record?.job.id], [[], job.id]);
  });
});
