import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bucket } from "./bucket.ts";
import { batch, namesOf, outcomesIn, setUp, until } from "./set-up.ts";

/** A bucket whose objects come only when they are let go. */
function heldBucket(objects: Record<string, string>) {
  const bucket = new Bucket(objects);
  const gates = new Map<string, PromiseWithResolvers<void>>();
  bucket.failing = async (key) => {
    const gate = Promise.withResolvers<void>();
    gates.set(key, gate);
    await gate.promise;
  };
  return { bucket, letGo: (key: string) => gates.get(key)?.resolve() };
}

describe("a message whose process died again and again", () => {
  test("is handled as any other until it is suspected", async () => {
    const { broker } = await setUp(new Bucket({ a: "1", b: "2" }));
    const verdict = await broker.deliver("files", batch(["a:1", "b:1"]), { deliveries: 2 });
    assert.deepEqual(verdict, { kind: "ack" });
    assert.equal(outcomesIn(broker).length, 2);
  });

  test("is split into single objects at its third loss, without touching them", async () => {
    const bucket = new Bucket({ a: "1", b: "2", c: "3" });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("files", batch(["a:1", "b:1", "c:1"], 2), { deliveries: 3 });
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map(
        (one) => one.type === "files" && [namesOf(one), one.slices[0]?.files[0]?.index, one.attempt],
      ),
      [
        [["a"], 0, 2],
        [["b"], 1, 2],
        [["c"], 2, 2],
      ],
    );
    assert.deepEqual([bucket.opened, broker.published], [[], []]);
  });

  test("runs alone: what runs is waited for, what comes is given back, then fetching goes on", async () => {
    const { bucket, letGo } = heldBucket({ ordinary: "1", suspect: "2", next: "3" });
    const { broker, downloader } = await setUp(bucket);
    const ordinary = broker.deliver("files", batch(["ordinary:1"]));
    await until("the ordinary one runs", () => bucket.opened.includes("ordinary"));
    const suspect = broker.deliver("retry", batch(["suspect:1"]), { deliveries: 3 });
    await until("fetching pauses", () => broker.events.includes("pause files"));
    assert.deepEqual(bucket.opened, ["ordinary"], "the suspect waits for what runs");
    assert.deepEqual(await broker.deliver("files", batch(["next:1"])), { kind: "release" });
    letGo("ordinary");
    assert.deepEqual(await ordinary, { kind: "ack" });
    await until("the suspect runs", () => bucket.opened.includes("suspect"));
    letGo("suspect");
    assert.deepEqual(await suspect, { kind: "ack" });
    assert.deepEqual(downloader.pauses, []);
    assert.ok(broker.events.includes("resume files"));
    assert.deepEqual(bucket.opened, ["ordinary", "suspect"]);
  });

  test("is alone even among suspects: another one is given back, so that a crash does not count against it", async () => {
    const { bucket, letGo } = heldBucket({ deadly: "1", innocent: "2" });
    const { broker } = await setUp(bucket);
    const deadly = broker.deliver("retry", batch(["deadly:1"]), { deliveries: 5 });
    const innocent = broker.deliver("retry", batch(["innocent:1"]), { deliveries: 3 });
    assert.deepEqual(await innocent, { kind: "release" });
    await until("the first one runs", () => bucket.opened.includes("deadly"));
    assert.deepEqual(bucket.opened, ["deadly"]);
    letGo("deadly");
    assert.deepEqual(await deadly, { kind: "ack" });
    const again = broker.deliver("retry", batch(["innocent:1"]), { deliveries: 3 });
    await until("the other one runs", () => bucket.opened.includes("innocent"));
    letGo("innocent");
    assert.deepEqual(await again, { kind: "ack" });
  });

  test("goes on after a suspect that ended with our own mistake", async () => {
    const bucket = new Bucket({ a: "1", b: "2" });
    bucket.failing = (key) => {
      if (key === "a") throw new TypeError("a mistake");
    };
    const { broker, downloader } = await setUp(bucket);
    await assert.rejects(broker.deliver("files", batch(["a:1"]), { deliveries: 3 }), TypeError);
    assert.deepEqual(downloader.pauses, []);
    assert.deepEqual(await broker.deliver("files", batch(["b:1"]), { deliveries: 3 }), { kind: "ack" });
  });

  test("ends dead at its sixth loss, its object reported failed first, untouched", async () => {
    const bucket = new Bucket({ a: "1" });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("files", batch(["a:1"]), { deliveries: 6 });
    assert.deepEqual(verdict, { kind: "reject", reason: "its process died 6 times" });
    assert.deepEqual(
      outcomesIn(broker).map(({ name, outcome, reason }) => [name, outcome, reason]),
      [["a", "failed", "its process died 6 times"]],
    );
    assert.deepEqual([bucket.opened, broker.events], [[], ["publish result", "confirmed"]]);
  });

  test("of several objects is split, never ended, however often it was lost", async () => {
    const { broker } = await setUp(new Bucket({ a: "1", b: "2" }));
    const verdict = await broker.deliver("files", batch(["a:1", "b:1"]), { deliveries: 9 });
    assert.equal(verdict.kind, "retry");
    assert.deepEqual(outcomesIn(broker), []);
  });
});
