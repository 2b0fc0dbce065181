import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FilesMessage, Suspicion, Verdict } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { batch, namesOf, outcomesIn, setUp, until } from "../set-up.ts";

function remainderOf(verdict: Verdict): FilesMessage[] {
  assert.ok(verdict.kind === "retry");
  return verdict.remainder.filter((one): one is FilesMessage => one.type === "files");
}

const asked: Suspicion = { stage: "alone", deaths: 0, age: 300_000, rested: 0 };

/** A downloader that is old enough, and alone for the next suspect. */
async function alone(bucket: Bucket) {
  const set = await setUp(bucket);
  const resting: Suspicion = { ...asked, stage: "rests", age: 5_000 };
  const verdict = await set.broker.deliver("retry", { ...batch(["a:1"]), suspicion: resting });
  assert.equal(remainderOf(verdict)[0]?.suspicion?.stage, "alone");
  await until("it takes nothing more", () => set.broker.events.includes("first of retry"));
  return set;
}

describe("a message whose process died again and again", () => {
  test("is handled as any other until it is suspected", async () => {
    const { broker } = await setUp(new Bucket({ a: "1", b: "2" }));
    const verdict = await broker.deliver("files", batch(["a:1", "b:1"]), { deliveries: 1 });
    assert.deepEqual(verdict, { kind: "ack" });
    assert.equal(outcomesIn(broker).length, 2);
  });

  test("rests at its second loss, whole and untouched", async () => {
    const bucket = new Bucket({ a: "1", b: "2" });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("files", batch(["a:1", "b:1"], 2), { deliveries: 2 });
    const [left, ...more] = remainderOf(verdict);
    assert.ok(left);
    assert.deepEqual(
      [namesOf(left), left.attempt, left.suspicion?.stage, more],
      [["a", "b"], 2, "rests", []],
    );
    assert.deepEqual([bucket.opened, broker.published], [[], []]);
  });

  test("is split when its process died while it handled nothing else", async () => {
    const bucket = new Bucket();
    const { broker } = await setUp(bucket);
    const many = batch(Array.from({ length: 20 }, (_, n) => `o${n}:1`));
    const witnesses = [{ key: "w" }];
    const verdict = await broker.deliver(
      "retry",
      { ...many, witnesses, suspicion: asked },
      { deliveries: 1 },
    );
    const left = remainderOf(verdict);
    assert.deepEqual(
      left.map((one) => namesOf(one).length),
      [3, 3, 3, 3, 3, 3, 2],
    );
    assert.ok(left.every((one) => one.witnesses?.[0]?.key === "w"));
    assert.ok(left.every(({ suspicion }) => suspicion?.stage === "rests" && suspicion.deaths === 0));
    assert.deepEqual([bucket.opened, broker.published], [[], []]);
  });

  test("is fetched when nothing else is in hand, and then fetching goes on", async () => {
    const bucket = new Bucket({ a: "1", b: "2" });
    const { broker, downloader } = await alone(bucket);
    const verdict = broker.deliver("retry", { ...batch(["a:1"]), suspicion: asked });
    assert.deepEqual(await verdict, { kind: "ack" });
    await until("fetching goes on", () => downloader.pauses.length === 0);
    assert.deepEqual(await broker.deliver("files", batch(["b:1"])), { kind: "ack" });
  });

  test("waits while what is in hand finishes", async () => {
    const bucket = new Bucket({ slow: "1" });
    const letGo = Promise.withResolvers<void>();
    bucket.failing = () => letGo.promise;
    const { broker, downloader } = await setUp(bucket);
    const ordinary = broker.deliver("files", batch(["slow:1"]));
    await until("it is being fetched", () => bucket.opened.length > 0);
    const resting: Suspicion = { ...asked, stage: "rests", age: 5_000 };
    await broker.deliver("retry", { ...batch(["a:1"]), suspicion: resting });
    await until("nothing more is taken", () => broker.events.includes("pause files"));
    assert.deepEqual(await broker.deliver("files", batch(["next:1"])), { kind: "release" });
    letGo.resolve();
    assert.deepEqual(await ordinary, { kind: "ack" });
    await until("nobody came, and fetching goes on", () => downloader.pauses.length === 0);
  });

  test("that its process survives is handled among others, and no object fails", async () => {
    const bucket = new Bucket({ a: "1" });
    bucket.failing = (_key, _time, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const rings: (() => void)[] = [];
    const set = await setUp(bucket, {
      alarm: (ms, ring) => {
        if (ms === 60_000) rings.push(ring);
        return { [Symbol.dispose]() {} };
      },
    });
    await set.broker.deliver("retry", {
      ...batch(["a:1"]),
      suspicion: { ...asked, stage: "rests", age: 5_000 },
    });
    await until("it is alone", () => set.broker.events.includes("first of retry"));
    const verdict = set.broker.deliver("retry", { ...batch(["a:1"]), suspicion: asked });
    await until("it is being fetched", () => rings.length === 1);
    rings[0]?.();
    const [left] = remainderOf(await verdict);
    assert.deepEqual([left?.suspicion?.stage, left?.suspicion?.deaths, left?.attempt], ["company", 0, 0]);
  });

  test("ends dead when four processes died of it alone, its object reported failed first, untouched", async () => {
    const bucket = new Bucket({ a: "1" });
    const { broker } = await setUp(bucket);
    const suspicion = { ...asked, deaths: 3 };
    const verdict = await broker.deliver("files", { ...batch(["a:1"]), suspicion }, { deliveries: 1 });
    assert.ok(verdict.kind === "reject");
    assert.match(verdict.reason, /its process died 4 times while it handled nothing else/);
    assert.deepEqual(
      outcomesIn(broker).map(({ name, outcome, class: kind }) => [name, outcome, kind]),
      [["a", "failed", "deadly"]],
    );
    assert.deepEqual([bucket.opened, broker.events], [[], ["publish result", "confirmed"]]);
  });

  test("that was lost while others were in hand, too, is not counted", async () => {
    const { broker } = await setUp(new Bucket({ a: "1" }));
    for (const stage of ["rests", "company"] as const) {
      const suspicion = { ...asked, deaths: 3, stage };
      const verdict = await broker.deliver("files", { ...batch(["a:1"]), suspicion }, { deliveries: 1 });
      assert.deepEqual(remainderOf(verdict)[0]?.suspicion, { ...suspicion, stage: "rests", rested: 1_000 });
    }
  });
});
