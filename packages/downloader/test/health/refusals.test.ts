import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SourceError } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, outcomesIn, setUp, until } from "../set-up.ts";

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `f${from + i}`);
const sized = (names: readonly string[]) => names.map((name) => `${name}:1`);

/** A bucket that refuses all but what is `open`. */
function closedBucket(names: readonly string[], kind: "forbidden" | "unauthorized" = "forbidden") {
  const bucket = new Bucket(Object.fromEntries(names.map((name) => [name, "x"])));
  const open = new Set<string>();
  bucket.failing = (key) => {
    if (!open.has(key)) throw new SourceError(kind, `${kind}!`);
  };
  return { bucket, open };
}

describe("a source that gives nothing from the first object on", () => {
  for (const kind of ["forbidden", "unauthorized"] as const) {
    test(`(${kind}) has few objects fail, each after one request`, async () => {
      const { bucket } = closedBucket(numbered(3), kind);
      const { broker, downloader, givenUp } = await setUp(bucket);
      assert.deepEqual(await broker.deliver("files", batch(sized(numbered(3)))), { kind: "ack" });
      assert.deepEqual(
        outcomesIn(broker).map(({ outcome, reason }) => [outcome, reason]),
        Array(3).fill(["failed", `${kind}!`]),
      );
      assert.deepEqual([bucket.opened.length, downloader.pauses, givenUp], [3, [], []]);
    });
  }

  test("is given up when 200 different ones were refused; none of them has failed", async () => {
    const names = numbered(300);
    const { bucket } = closedBucket(names);
    const { broker, givenUp } = await setUp(bucket);
    const batches = [0, 1, 2].map((n) => batch(sized(names.slice(n * 100, n * 100 + 100))));
    const verdicts = await Promise.all(batches.map((one) => broker.deliver("files", one)));
    assert.deepEqual(
      [outcomesIn(broker), new Set(verdicts.map(({ kind }) => kind))],
      [[], new Set(["release"])],
    );
    assert.equal(givenUp.length, 1);
    assert.match(givenUp[0]?.message ?? "", /refuses everything.*first 200 objects.*forbidden!/);
  });

  test("is not given up while something that came is on its way to the disk: that shows whether it is a ban", async () => {
    const names = numbered(250);
    const { bucket, open } = closedBucket([...names, "first"]);
    open.add("first");
    const volume = new MemoryVolume("v1");
    const synced = Promise.withResolvers<void>();
    volume.failing = () => synced.promise;
    const { broker, givenUp, downloader } = await setUp(bucket, { volumes: [volume] });
    const first = broker.deliver("files", batch(["first:1"]));
    await until("it is on its way", () => bucket.times("first") === 1);
    open.clear();
    const refused = broker.deliver("files", batch(sized(names)));
    await until("it is paused", () => downloader.pauses.length > 0);
    synced.resolve();
    assert.deepEqual([await first, await refused], [{ kind: "ack" }, { kind: "release" }]);
    assert.deepEqual([givenUp, downloader.pauses], [[], ["source refuses everything"]]);
    await downloader.stop(0);
  });

  test("pauses a service instead, which goes on when something is given", async () => {
    const names = numbered(200);
    const { bucket, open } = closedBucket(names);
    const { broker, downloader, givenUp } = await setUp(bucket, { options: { endsWhenAllIsRefused: false } });
    await broker.deliver("files", batch(sized(names)));
    assert.deepEqual([downloader.pauses, givenUp], [["source refuses everything"], []]);
    for (const name of names) open.add(name);
    await until("it goes on", () => downloader.pauses.length === 0);
    assert.deepEqual(await broker.deliver("files", batch(sized(names))), { kind: "ack" });
  });

  test("has objects fail as soon as another is given, which is asked for again", async () => {
    const names = numbered(3);
    const { bucket, open } = closedBucket(names);
    open.add("f2");
    const { broker } = await setUp(bucket);
    await broker.deliver("files", batch(sized(names)));
    assert.deepEqual(
      outcomesIn(broker)
        .map(({ outcome }) => outcome)
        .toSorted(),
      ["failed", "failed", "stored"],
    );
    assert.deepEqual([bucket.times("f0"), bucket.times("f1")], [1, 1]);
  });

  test("has objects fail, too, where all else is gone", async () => {
    const { bucket } = closedBucket(["f0"]);
    bucket.failing = (key) => {
      if (key === "f0") throw new SourceError("forbidden", "forbidden!");
    };
    const { broker } = await setUp(bucket);
    assert.deepEqual(await broker.deliver("files", batch(["gone:1", "f0:1"])), { kind: "ack" });
    assert.deepEqual(
      outcomesIn(broker).map(({ name, outcome }) => [name, outcome]),
      [
        ["gone", "vanished"],
        ["f0", "failed"],
      ],
    );
  });

  test("leaves the verdict open while more objects wait, and gives back what would use up the prefetch", async () => {
    const { bucket } = closedBucket(numbered(4));
    const { broker } = await setUp(bucket);
    broker.depths.set("files", 5);
    assert.deepEqual(await broker.deliver("files", batch(["f0:1"])), {
      kind: "retry",
      delay: 1_000,
      remainder: [batch(["f0:1"])],
    });
    broker.depths.set("files", 0);
    assert.deepEqual(await broker.deliver("files", batch(["f0:1"])), { kind: "ack" });
    assert.deepEqual([bucket.times("f0"), outcomesIn(broker)[0]?.outcome], [1, "failed"]);
  });

  test("does not wait for ever for objects that do not come", async () => {
    const { bucket } = closedBucket(numbered(1));
    const { broker, clock } = await setUp(bucket);
    broker.depths.set("directories", 5);
    const began = clock.now;
    assert.deepEqual(await broker.deliver("files", batch(["f0:1"])), { kind: "ack" });
    assert.ok(clock.now - began >= 10_000 && clock.now - began < 11_000);
  });
});

describe("a later run, of which most is unchanged", () => {
  test("probes with an object of an earlier one, and has the refused ones fail when it comes", async () => {
    const names = numbered(300);
    const { bucket, open } = closedBucket([...names, "old"]);
    open.add("old");
    const volume = new MemoryVolume("v1");
    volume.fresh = false;
    volume.earlier = [{ key: "old", size: 1, modified: 1_000 }];
    const { broker, givenUp } = await setUp(bucket, { volumes: [volume] });
    assert.deepEqual(await broker.deliver("files", batch(sized(names))), { kind: "ack" });
    assert.equal(outcomesIn(broker).filter(({ outcome }) => outcome === "failed").length, 300);
    assert.equal(bucket.opened.length - bucket.times("old"), 300, "each was asked for once");
    assert.deepEqual(givenUp, []);
  });

  for (const disks of [2, 8])
    test(`has them fail, too, where what each of ${disks} disks stored last is refused with them`, async () => {
      const names = numbered(300);
      const old = Array.from({ length: 4 * disks }, (_, n) => `old${n}`);
      const { bucket, open } = closedBucket([...names, ...old]);
      for (const key of old) open.add(key);
      const volumes = Array.from({ length: disks }, (_, disk) => {
        const volume = new MemoryVolume(`v${disk}`);
        volume.fresh = false;
        const keys = [...names.slice(-4 * (disk + 1)).slice(0, 4), ...old.slice(4 * disk, 4 * (disk + 1))];
        volume.earlier = keys.map((key) => ({ key, size: 1, modified: 1_000 }));
        return volume;
      });
      const { broker, downloader } = await setUp(bucket, { volumes });
      assert.deepEqual(await broker.deliver("files", batch(sized(names))), { kind: "ack" });
      assert.equal(outcomesIn(broker).filter(({ outcome }) => outcome === "failed").length, 300);
      assert.deepEqual(downloader.pauses, []);
    });

  describe("on disks that are new", () => {
    const names = numbered(300);
    const witnesses = ["w1", "w2", "w3"].map((key) => ({ key, size: 1 }));

    function scene() {
      const closed = closedBucket([...names, "w1", "w2", "w3"]);
      closed.open.add("w3");
      return closed;
    }

    test("probes with the unchanged objects that its messages name, and has the refused ones fail when one comes", async () => {
      const { bucket } = scene();
      const { broker, downloader, givenUp } = await setUp(bucket);
      const message = { ...batch(sized(names)), witnesses };
      assert.deepEqual(await broker.deliver("files", message), { kind: "ack" });
      assert.equal(outcomesIn(broker).filter(({ outcome }) => outcome === "failed").length, 300);
      assert.deepEqual([bucket.times("w1"), bucket.times("w2"), givenUp, downloader.pauses], [1, 1, [], []]);
    });

    test("has those fail, too, that were refused before a message named an unchanged object", async () => {
      const { bucket } = scene();
      const { broker, downloader, givenUp, clock } = await setUp(bucket);
      broker.depths.set("directories", 5);
      const began = clock.now;
      const early = broker.deliver("files", batch(sized(names.slice(0, 150))));
      await until("all were refused", () => bucket.opened.length === 150);
      const late = broker.deliver("files", { ...batch(sized(names.slice(150))), witnesses });
      assert.deepEqual([await early, await late], [{ kind: "ack" }, { kind: "ack" }]);
      assert.equal(outcomesIn(broker).filter(({ outcome }) => outcome === "failed").length, 300);
      assert.deepEqual([bucket.opened.length - 300 < 20, givenUp, downloader.pauses], [true, [], []]);
      assert.ok(clock.now - began < 10_000, "as soon as it is named");
    });

    test("pauses when the unchanged objects are refused, too, and goes on when a lister of the same process finds one that comes", async () => {
      const { bucket, open } = scene();
      open.clear();
      open.add("late");
      bucket.objects.set("late", { text: "x", modified: 1_000 });
      const { broker, downloader } = await setUp(bucket);
      const message = { ...batch(sized(names)), witnesses };
      assert.deepEqual(await broker.deliver("files", message), { kind: "release" });
      assert.deepEqual(downloader.pauses, ["source refuses everything"]);
      downloader.listedUnchanged([{ key: "late", size: 1 }]);
      await until("it goes on", () => downloader.pauses.length === 0);
      assert.deepEqual(await broker.deliver("files", message), { kind: "ack" });
      assert.equal(outcomesIn(broker).filter(({ outcome }) => outcome === "failed").length, 300);
    });
  });
});
