import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FilesMessage, Message } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, namesOf, outcomesIn, setUp, until } from "../set-up.ts";

/**
 * A downloader with a batch of which "slow" still comes when its delivery can be held no longer.
 */
async function overdue() {
  const bucket = new Bucket({ slow: "1", quick: "2" });
  const letGo = Promise.withResolvers<void>();
  bucket.failing = async (key) => {
    if (key === "slow") await letGo.promise;
  };
  const volume = new MemoryVolume("v1");
  const set = await setUp(bucket, { volumes: [volume] });
  let handOver: (() => Promise<readonly Message[]>) | undefined;
  const verdict = set.broker.deliver("files", batch(["slow:1", "quick:1"], 2), {
    onOverdue: (remainder) => {
      handOver = remainder;
    },
  });
  await until("the quick one is stored", () => volume.files.has("quick"));
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
  assert.ok(handOver);
  const [left, ...more] = (await handOver()) as FilesMessage[];
  assert.ok(left && more.length === 0);
  return {
    ...set,
    bucket,
    letGo: letGo.resolve,
    verdict,
    left,
    comesBack: { ...left, inHand: true as const },
  };
}

describe("a batch whose delivery can be held no longer", () => {
  test("has its outcomes published, and only the rest comes again, no attempt counted", async () => {
    const { broker, left, letGo, verdict } = await overdue();
    assert.deepEqual([namesOf(left), left.attempt], [["slow"], 2]);
    assert.deepEqual(
      outcomesIn(broker).map(({ name }) => name),
      ["quick"],
    );
    letGo();
    assert.deepEqual(await verdict, { kind: "ack" });
    assert.deepEqual(
      outcomesIn(broker).map(({ name }) => name),
      ["quick", "slow"],
    );
  });

  test("that comes again while it is still in hand waits for it, and is not fetched twice", async () => {
    const { broker, bucket, letGo, verdict, comesBack } = await overdue();
    let aside = 0;
    const again = broker.deliver("retry", comesBack, { standAside: () => aside++ });
    await until("it gives its place to others", () => aside > 0);
    letGo();
    assert.deepEqual([await verdict, await again], [{ kind: "ack" }, { kind: "ack" }]);
    assert.equal(bucket.times("slow"), 1);
    assert.equal(outcomesIn(broker).length, 2);
  });

  test("that comes again when it has its outcome is not fetched again", async () => {
    const { broker, bucket, letGo, verdict, comesBack } = await overdue();
    letGo();
    await verdict;
    assert.deepEqual(await broker.deliver("retry", comesBack), { kind: "ack" });
    assert.equal(bucket.times("slow"), 1);
  });

  test("is tried again when nothing came of it after all", async () => {
    const { broker, bucket, letGo, verdict, comesBack } = await overdue();
    bucket.objects.delete("slow");
    bucket.failingStat = () => {
      throw new Error("gone");
    };
    letGo();
    await Promise.allSettled([verdict]);
    bucket.objects.set("slow", { text: "1", modified: 1_000 });
    bucket.failingStat = () => undefined;
    assert.deepEqual(await broker.deliver("retry", comesBack), { kind: "ack" });
    assert.equal(outcomesIn(broker).at(-1)?.outcome, "stored");
  });

  test("is asked for on the disk where another process had it in hand", async () => {
    const volume = new MemoryVolume("v1");
    volume.lying.set("a", { size: 1, md5: "0".repeat(32), verified: false, storedAt: 1 });
    const bucket = new Bucket({ a: "1" });
    const { broker } = await setUp(bucket, { volumes: [volume] });
    const verdict = await broker.deliver("retry", { ...batch(["a:1"]), inHand: true });
    assert.deepEqual([verdict, bucket.opened], [{ kind: "ack" }, []]);
    assert.deepEqual(volume.adoptions, ["a"]);
  });
});
