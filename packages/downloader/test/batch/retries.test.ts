import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FilesMessage, returnsOf, SourceError, type SourceErrorKind } from "@brigade/core";
import type { DownloaderOptions } from "../../src/index.ts";
import { Bucket } from "../bucket.ts";
import { batch, namesOf, outcomesIn, setUp } from "../set-up.ts";

/**
 * A bucket of two, whose object "bad" fails each time (or the first so many times); "good" does
 * not.
 */
function oneBad(kind: SourceErrorKind, { times = Number.POSITIVE_INFINITY, retryAfterMs = 0 } = {}) {
  const bucket = new Bucket({ good: "ok", bad: "hello" });
  bucket.failing = (key, time) => {
    if (key === "bad" && time <= times) throw new SourceError(kind, `${kind}!`, { retryAfterMs });
  };
  return bucket;
}

/** A downloader that has seen the source well. */
async function setUpWell(bucket: Bucket, options: Partial<DownloaderOptions> = {}) {
  const parts = await setUp(bucket, { options });
  await parts.broker.deliver("files", batch(["good:2"]));
  parts.broker.events.length = 0;
  parts.broker.published.length = 0;
  return parts;
}

const both = (attempt = 0) => batch(["good:2", "bad:5"], attempt);

describe("an object that fails while others do not", () => {
  test("is tried again in process after a short failure, which is not reported", async () => {
    for (const kind of ["unavailable", "transport", "throttled", "damaged"] as const) {
      const bucket = oneBad(kind, { times: 2 });
      const { broker, waits } = await setUpWell(bucket);
      assert.deepEqual(await broker.deliver("files", both()), { kind: "ack" }, kind);
      assert.equal(outcomesIn(broker).length, 2);
      const pauses = waits.filter((wait) => wait !== 250); // in which another object may show that the source is well
      assert.equal(pauses.length, 2);
      assert.ok(pauses.every((wait) => wait >= 50 && wait <= 1_000));
    }
  });

  test("goes back to the broker after three tries, as a remainder with one more attempt", async () => {
    const bucket = oneBad("unavailable");
    const { broker } = await setUpWell(bucket);
    const verdict = await broker.deliver("files", both());
    assert.ok(verdict.kind === "retry");
    assert.equal(bucket.times("bad"), 3);
    assert.equal(verdict.remainder.length, 1);
    const [remainder] = verdict.remainder;
    assert.ok(remainder?.type === "files");
    assert.deepEqual([namesOf(remainder), remainder.attempt], [["bad"], 1]);
    assert.equal(remainder.slices[0]?.files[0]?.index, 1, "it keeps its index");
    assert.deepEqual(broker.events, ["publish result", "confirmed"], "what is done is reported first");
  });

  test("goes back with the witnesses of its message", async () => {
    const { broker } = await setUpWell(oneBad("unavailable"));
    const verdict = await broker.deliver("files", { ...both(), witnesses: [{ key: "w" }] });
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map((one) => one.type === "files" && one.witnesses),
      [[{ key: "w" }]],
    );
  });

  test("waits by itself as long as its server demands, and others of its batch do not", async () => {
    const bucket = new Bucket({ good: "ok", bad: "hello", busy: "later" });
    bucket.failing = (key) => {
      if (key === "bad") throw new SourceError("unavailable", "unavailable!");
      if (key === "busy") throw new SourceError("unavailable", "busy!", { retryAfterMs: 300_000 });
    };
    const { broker } = await setUpWell(bucket);
    const verdict = await broker.deliver("files", batch(["bad:5", "busy:5"]));
    assert.ok(verdict.kind === "retry");
    const returns = returnsOf(verdict).map(({ message, delay }) => [namesOf(message as FilesMessage), delay]);
    assert.deepEqual(returns, [
      [["bad"], 1_000],
      [["busy"], 600_000],
    ]);
  });

  test("waits longer with each attempt, through the delays that there are", async () => {
    const { broker } = await setUpWell(oneBad("damaged"), { maxAttempts: 100 });
    const delays: number[] = [];
    for (const attempt of [0, 1, 2, 3, 4, 50]) {
      const verdict = await broker.deliver("files", both(attempt));
      if (verdict.kind === "retry") delays.push(verdict.delay);
    }
    assert.deepEqual(delays, [1_000, 10_000, 60_000, 600_000, 600_000, 600_000]);
  });

  test("has failed, with its last reason, when it is out of attempts", async () => {
    const { broker, lines } = await setUpWell(oneBad("transport"));
    assert.deepEqual(await broker.deliver("files", both(4)), { kind: "ack" });
    const failed = outcomesIn(broker).find(({ outcome }) => outcome === "failed");
    assert.deepEqual([failed?.name, failed?.reason], ["bad", "transport!"]);
    assert.deepEqual(lines, ["an object failed, out of attempts"]);
  });

  test("is not tried in process when the source demands a long wait, and comes back after that", async () => {
    const bucket = oneBad("throttled", { retryAfterMs: 30_000 });
    const { broker, waits } = await setUpWell(bucket);
    const verdict = await broker.deliver("files", both());
    assert.ok(verdict.kind === "retry");
    assert.deepEqual([verdict.delay, bucket.times("bad"), waits], [60_000, 1, []]);
  });

  test("is tried in process after a short wait that the source demands", async () => {
    const bucket = oneBad("throttled", { times: 1, retryAfterMs: 2_000 });
    const { broker, waits } = await setUpWell(bucket);
    assert.deepEqual(await broker.deliver("files", both()), { kind: "ack" });
    assert.deepEqual(waits, [2_000]);
  });

  test("keeps the whole of its message's work: no object is lost between results and remainder", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `f${i}`);
    const bucket = new Bucket(Object.fromEntries(names.map((name) => [name, "x"])));
    bucket.objects.delete("f3");
    bucket.failing = (key) => {
      if (Number(key.slice(1)) % 5 === 0) throw new SourceError("damaged", "broken");
    };
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("files", batch(names.map((name) => `${name}:1`)));
    assert.ok(verdict.kind === "retry");
    const remaining = verdict.remainder.flatMap((one) => (one.type === "files" ? namesOf(one) : []));
    const settled = outcomesIn(broker).map(({ name }) => name);
    assert.deepEqual([...settled, ...remaining].sort(), names.toSorted());
    assert.equal(remaining.length, 6);
  });
});

describe("a mistake of ours", () => {
  test("gives no verdict and no result", async () => {
    const bucket = new Bucket({ a: "hello" });
    bucket.failing = () => {
      throw new TypeError("a mistake");
    };
    const { broker, placement } = await setUp(bucket);
    await assert.rejects(broker.deliver("files", batch(["a:5"])), TypeError);
    assert.deepEqual([broker.published, placement.reserved], [[], 0]);
  });
});
