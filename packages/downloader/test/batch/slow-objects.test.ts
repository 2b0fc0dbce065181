import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Alarm } from "@brigade/core";
import { turn } from "../../../../test/recording-broker.ts";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, namesOf, outcomesIn, setUp, until } from "../set-up.ts";

/** Alarms that ring when they are told to. */
function heldAlarms() {
  const set = new Set<() => void>();
  const alarm: Alarm = (_ms, ring) => {
    set.add(ring);
    return { [Symbol.dispose]: () => void set.delete(ring) };
  };
  const ring = async () => {
    const due = [...set];
    set.clear();
    for (const one of due) one();
    for (let turns = 0; turns < 5; turns++) await turn();
  };
  return { alarm, ring, set };
}

/** A bucket whose objects "slow…" come when they are let go. */
function slowBucket(objects: Record<string, string>) {
  const bucket = new Bucket(objects);
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  bucket.failing = async (key) => {
    if (!key.startsWith("slow")) return;
    const held = Promise.withResolvers<void>();
    waiting.set(key, held);
    await held.promise;
  };
  return { bucket, letGo: (key: string) => waiting.get(key)?.resolve() };
}

const names = Array.from({ length: 15 }, (_, n) => `quick${n}`);
const objects = Object.fromEntries([...names, "slow"].map((name) => [name, "1"]));
const files = [...names, "slow"].map((name) => `${name}:1`);

describe("a batch with a slow object", () => {
  test("has the outcomes of the others published after a second, and is acknowledged when all are", async () => {
    const { bucket, letGo } = slowBucket(objects);
    const { alarm, ring } = heldAlarms();
    const volume = new MemoryVolume("v1");
    const { broker } = await setUp(bucket, { alarm, volumes: [volume] });
    const verdict = broker.deliver("files", batch(files));
    await until("the others are stored", () => volume.files.size === names.length);
    assert.deepEqual(broker.published, [], "they wait for the slow one at first");
    await ring();
    assert.deepEqual(
      outcomesIn(broker)
        .map(({ name }) => name)
        .toSorted(),
      names.toSorted(),
    );
    letGo("slow");
    assert.deepEqual(await verdict, { kind: "ack" });
    assert.equal(broker.publishedOf("result").length, 2);
    assert.equal(outcomesIn(broker).at(-1)?.name, "slow");
  });

  test("gives its place to another when only slow ones are left", async () => {
    const { bucket, letGo } = slowBucket(objects);
    const { alarm, ring } = heldAlarms();
    const { broker } = await setUp(bucket, { alarm });
    let aside = 0;
    const verdict = broker.deliver("files", batch(files), { standAside: () => aside++ });
    await until("the slow one is asked for", () => bucket.opened.includes("slow"));
    assert.equal(aside, 0);
    await ring();
    assert.ok(aside > 0);
    letGo("slow");
    await verdict;
  });

  test("keeps its place while much of it is left", async () => {
    const slow = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`slow${n}`, "1"]));
    const { bucket, letGo } = slowBucket(slow);
    const { alarm, ring } = heldAlarms();
    const { broker } = await setUp(bucket, { alarm });
    let aside = 0;
    const message = batch(Object.keys(slow).map((name) => `${name}:1`));
    const verdict = broker.deliver("files", message, { standAside: () => aside++ });
    await until("all are asked for", () => bucket.opened.length === 16);
    await ring();
    assert.equal(aside, 0);
    for (const name of Object.keys(slow).slice(2)) letGo(name);
    await until("two are left", () => aside > 0);
    for (const name of ["slow0", "slow1"]) letGo(name);
    await verdict;
  });

  test("is not published twice, and what is left of it comes again alone", async () => {
    const bucket = new Bucket(objects);
    bucket.failing = (key, _time, signal) => {
      if (key !== "slow") return undefined;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const { alarm, ring } = heldAlarms();
    const { broker, downloader } = await setUp(bucket, { alarm });
    const verdict = broker.deliver("files", batch(files));
    await until("the slow one is asked for", () => bucket.opened.includes("slow"));
    await ring();
    await downloader.stop(0);
    const given = await verdict;
    assert.ok(given.kind === "retry");
    assert.deepEqual(
      given.remainder.map((one) => one.type === "files" && namesOf(one)),
      [["slow"]],
    );
    assert.equal(outcomesIn(broker).length, names.length);
  });

  test("that is quick is one message per volume, and leaves no alarm behind", async () => {
    const { alarm, set } = heldAlarms();
    const { broker } = await setUp(new Bucket({ a: "1", b: "2" }), { alarm });
    assert.deepEqual(await broker.deliver("files", batch(["a:1", "b:1"])), { kind: "ack" });
    assert.deepEqual([broker.publishedOf("result").length, set.size], [1, 0]);
  });
});
