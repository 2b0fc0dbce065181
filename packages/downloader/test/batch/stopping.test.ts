import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Delayer } from "@brigade/core";
import { SourceError } from "@brigade/core";
import { turn } from "../../../../test/recording-broker.ts";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, namesOf, outcomesIn, setUp, until } from "../set-up.ts";

/** Waits that last until they are let pass. */
const grace = 250; // ms in which another object may show that the source is well
function heldWaits() {
  const waits: { ms: number; pass: () => void }[] = [];
  const delay: Delayer = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
      if (ms === grace) resolve();
      else waits.push({ ms, pass: resolve });
    });
  return { waits, delay };
}

/** A bucket whose objects "slow…" come only when they are let go, or never when interrupted. */
function slowBucket(objects: Record<string, string>) {
  const bucket = new Bucket(objects);
  const slow = Promise.withResolvers<void>();
  bucket.failing = async (key, _time, signal) => {
    if (!key.startsWith("slow")) return;
    const aborted = new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason)),
    );
    await Promise.race([slow.promise, aborted]);
  };
  return { bucket, letGo: slow.resolve };
}

describe("stop", () => {
  test("lets what is in hand finish within the grace period", async () => {
    const { bucket, letGo } = slowBucket({ slow: "1" });
    const { waits, delay } = heldWaits();
    const { broker, downloader } = await setUp(bucket, { delay });
    const verdict = broker.deliver("files", batch(["slow:1"]));
    await until("it is being fetched", () => bucket.opened.length > 0);
    const stopped = downloader.stop(30_000);
    await turn();
    assert.deepEqual(
      waits.map(({ ms }) => ms),
      [30_000],
    );
    letGo();
    await stopped;
    assert.deepEqual(await verdict, { kind: "ack" });
    assert.equal(outcomesIn(broker)[0]?.outcome, "stored");
    assert.deepEqual(broker.events.slice(-2).toSorted(), ["dispose files", "dispose retry"]);
  });

  test("accepts no new delivery", async () => {
    const { bucket, letGo } = slowBucket({ slow: "1", next: "2" });
    const { broker, downloader } = await setUp(bucket, { delay: heldWaits().delay });
    const verdict = broker.deliver("files", batch(["slow:1"]));
    await until("it is being fetched", () => bucket.opened.length > 0);
    const stopped = downloader.stop(30_000);
    assert.deepEqual(await broker.deliver("files", batch(["next:1"])), { kind: "release" });
    letGo();
    await Promise.all([stopped, verdict]);
    assert.deepEqual(bucket.opened, ["slow"]);
  });

  test("gives interrupted work back untouched when the grace period is over", async () => {
    const { bucket } = slowBucket({ slow1: "1", slow2: "2" });
    const { waits, delay } = heldWaits();
    const { broker, downloader, placement } = await setUp(bucket, { delay });
    const verdict = broker.deliver("files", batch(["slow1:1", "slow2:1"], 3));
    await until("both are being fetched", () => bucket.opened.length === 2);
    const stopped = downloader.stop(5_000);
    await until("it waits", () => waits.length > 0);
    waits[0]?.pass();
    await stopped;
    assert.deepEqual([await verdict, broker.published, placement.reserved], [{ kind: "release" }, [], 0]);
  });

  test("fails no object for an interruption in its last try, even where it looks like a broken connection", async () => {
    const bucket = new Bucket({ a: "1", good: "2" });
    bucket.failing = async (key, time, signal) => {
      if (key !== "a") return;
      if (time === 3) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw new SourceError("transport", "reset");
    };
    const { waits, delay } = heldWaits();
    const { broker, downloader } = await setUp(bucket, { delay });
    await broker.deliver("files", batch(["good:1"]));
    const verdict = broker.deliver("files", batch(["a:1"], 4));
    for (const tried of [1, 2]) {
      await until("it waits for another try", () => waits.length === tried);
      waits[tried - 1]?.pass();
    }
    await until("it is tried for the last time", () => bucket.times("a") === 3);
    await broker.deliver("files", batch(["good:1"]));
    const stopped = downloader.stop(5_000);
    await until("the grace period runs", () => waits.length === 3);
    waits[2]?.pass();
    await stopped;
    assert.deepEqual(await verdict, { kind: "release" });
    assert.ok(outcomesIn(broker).every(({ name }) => name === "good"));
  });

  test("reports what was finished and sends back only the rest, no attempt counted", async () => {
    const { bucket } = slowBucket({ slow: "1", quick: "2" });
    const volume = new MemoryVolume("v1");
    const { waits, delay } = heldWaits();
    const { broker, downloader } = await setUp(bucket, { delay, volumes: [volume] });
    const pending = broker.deliver("files", batch(["slow:1", "quick:1"], 3));
    await until("the quick one is stored", () => volume.files.has("quick"));
    const stopped = downloader.stop(5_000);
    await until("it waits", () => waits.length > 0);
    waits[0]?.pass();
    await stopped;
    const verdict = await pending;
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map((one) => one.type === "files" && [namesOf(one), one.attempt]),
      [[["slow"], 3]],
    );
    assert.deepEqual(
      outcomesIn(broker).map(({ name }) => name),
      ["quick"],
    );
  });

  test("ends a wait before another try, and what waited is given back", async () => {
    const bucket = new Bucket({ a: "1", good: "2" });
    bucket.failing = (key) => {
      if (key === "a") throw new SourceError("transport", "reset");
    };
    const { waits, delay } = heldWaits();
    const { broker, downloader } = await setUp(bucket, { delay });
    await broker.deliver("files", batch(["good:1"]));
    broker.published.length = 0;
    const verdict = broker.deliver("files", batch(["a:1"], 4));
    await until("it waits for its second try", () => waits.length === 1);
    const stopped = downloader.stop(0);
    await until("the grace period runs", () => waits.length === 2);
    waits[1]?.pass();
    await stopped;
    assert.deepEqual([await verdict, broker.published], [{ kind: "release" }, []]);
  });

  test("during an outage never resumes", async () => {
    const bucket = new Bucket({ a: "1" });
    let ill = true;
    bucket.failing = () => {
      if (ill) throw new SourceError("banned", "no");
    };
    const { waits, delay } = heldWaits();
    const { broker, downloader } = await setUp(bucket, { delay });
    await broker.deliver("files", batch(["a:1"]));
    await until("it waits for a probe", () => waits.length > 0);
    ill = false;
    const stopped = downloader.stop(30_000);
    waits[0]?.pass();
    await stopped;
    for (let i = 0; i < 10; i++) await turn();
    assert.deepEqual(
      broker.events.filter((event) => event.startsWith("resume")),
      [],
    );
  });
});

describe("a delivery that is lost", () => {
  test("stops its fetches and gives no outcome for them", async () => {
    const { bucket } = slowBucket({ slow: "1" });
    const lost = new AbortController();
    const { broker } = await setUp(bucket);
    const verdict = broker.deliver("files", batch(["slow:1"]), { signal: lost.signal });
    await until("it is being fetched", () => bucket.opened.length > 0);
    lost.abort();
    assert.deepEqual([await verdict, broker.published], [{ kind: "release" }, []]);
  });
});
