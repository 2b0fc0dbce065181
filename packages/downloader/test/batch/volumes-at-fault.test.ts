import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostError, SourceError } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, namesOf, outcomesIn, setUp, until } from "../set-up.ts";

function twoVolumes(): [MemoryVolume, MemoryVolume] {
  return [new MemoryVolume("first"), new MemoryVolume("second")];
}

describe("a volume that fails", () => {
  for (const kind of ["full", "io"] as const) {
    test(`(${kind}) is retired, its objects are put on another volume, and no attempt is counted`, async () => {
      const [first, second] = twoVolumes();
      first.failing = (key) => {
        if (key === "b") throw new HostError(kind, "ENOSPC or EIO");
      };
      const bucket = new Bucket({ a: "1", b: "2" });
      const { broker, placement, downloader } = await setUp(bucket, { volumes: [first, second] });
      const verdict = await broker.deliver("files", batch(["a:1", "b:1"], 4));
      assert.ok(verdict.kind === "retry");
      assert.deepEqual(
        verdict.remainder.map((one) => one.type === "files" && [namesOf(one), one.attempt]),
        [[["b"], 4]],
      );
      assert.deepEqual([...placement.retired], [[first, kind]]);
      assert.equal(bucket.times("b"), 1, "it is not tried again on the same disk");
      assert.deepEqual(downloader.pauses, [], "the source is not to blame");
      assert.deepEqual(await broker.deliver("retry", batch(["b:1"], 4)), { kind: "ack" });
      assert.deepEqual([...second.files.keys()], ["b"]);
      assert.equal(placement.reserved, 0);
    });
  }

  test("is never followed by an ack of what it was to hold", async () => {
    const volume = new MemoryVolume("v1");
    volume.failing = () => {
      throw new HostError("io", "EIO");
    };
    const { broker } = await setUp(new Bucket({ a: "1" }), { volumes: [volume] });
    const verdict = await broker.deliver("files", batch(["a:1"], 100));
    assert.equal(verdict.kind, "retry");
    assert.deepEqual(outcomesIn(broker), []);
  });

  test("while it is searched for stored objects is retired, and the batch is put on another volume", async () => {
    const [first, second] = twoVolumes();
    first.failingAdopt = () => {
      throw new HostError("io", "EIO");
    };
    const { broker, placement } = await setUp(new Bucket({ a: "1" }), { volumes: [first, second] });
    assert.deepEqual(await broker.deliver("files", batch(["a:1"]), { isRepeated: true }), { kind: "ack" });
    assert.deepEqual([[...placement.retired], [...second.files.keys()]], [[[first, "io"]], ["a"]]);
  });

  test("before a large body is stored has that body cancelled", async () => {
    const volume = new MemoryVolume("v1");
    volume.capacity = 10_000_000;
    volume.failing = () => {
      throw new HostError("full", "ENOSPC");
    };
    const text = "x".repeat(1024 * 1024 + 1);
    const bucket = new Bucket({ a: text });
    const { broker } = await setUp(bucket, { volumes: [volume] });
    await broker.deliver("files", batch([`a:${text.length}`]));
    assert.deepEqual(bucket.cancelled, ["a"]);
  });
});

describe("a body that is not taken or breaks off", () => {
  test("is cancelled when the store cannot be asked about its date", async () => {
    const bucket = new Bucket({ a: "hello" });
    bucket.body = () => ({ modified: 5_000 });
    let failing = true;
    bucket.failingStat = () => {
      if (failing) throw new SourceError("unavailable", "503");
    };
    bucket.failing = (_key, time) => {
      failing = time === 1;
    };
    const { broker } = await setUp(bucket);
    assert.deepEqual(await broker.deliver("files", batch(["a:5"])), { kind: "ack" });
    assert.equal(bucket.cancelled.length, 1);
  });

  test("in the midst leaves nothing of a large object on the disk", async () => {
    const size = 1024 * 1024 + 1;
    const bucket = new Bucket({ a: "x".repeat(size), b: "b" });
    bucket.body = (key) =>
      key === "b"
        ? {}
        : {
            async *chunks() {
              yield new Uint8Array(1_000);
              throw new SourceError("transport", "broke off");
            },
          };
    const volume = new MemoryVolume("v1");
    volume.capacity = 10_000_000;
    const { broker } = await setUp(bucket, { volumes: [volume] });
    await broker.deliver("files", batch(["b:1"]));
    const verdict = await broker.deliver("files", batch([`a:${size}`]));
    assert.equal(verdict.kind, "retry");
    assert.deepEqual([[...volume.files.keys()], volume.aborted], [["b"], ["a", "a", "a"]]);
  });
});

describe("room", () => {
  test("that a batch finds nowhere splits it in two, nothing fetched and no attempt counted", async () => {
    const volume = new MemoryVolume("v1");
    volume.capacity = 5;
    const bucket = new Bucket({ a: "111", b: "222", c: "333" });
    const { broker } = await setUp(bucket, { volumes: [volume] });
    const verdict = await broker.deliver("files", batch(["a:3", "b:3", "c:3"], 2));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map((one) => one.type === "files" && [namesOf(one), one.attempt]),
      [
        [["a", "b"], 2],
        [["c"], 2],
      ],
    );
    assert.deepEqual([bucket.opened, broker.published], [[], []]);
  });

  test("that a single object finds nowhere, while others would, makes it fail", async () => {
    const volume = new MemoryVolume("v1");
    volume.capacity = 5;
    const { broker, exhausted, lines } = await setUp(new Bucket({ a: "1234567" }), { volumes: [volume] });
    assert.deepEqual(await broker.deliver("files", batch(["a:7"])), { kind: "ack" });
    assert.deepEqual(
      [outcomesIn(broker)[0]?.outcome, outcomesIn(broker)[0]?.reason],
      ["failed", "no volume has room for its 7 bytes"],
    );
    assert.deepEqual([exhausted, lines], [[], ["an object failed"]]);
  });

  test("on no volume at all pauses fetching, is logged once, keeps the work and goes on when there is some", async () => {
    const { broker, placement, downloader, exhausted, waits } = await setUp(new Bucket({ a: "1", b: "2" }));
    placement.full = true;
    const [verdict] = await Promise.all([
      broker.deliver("files", batch(["a:1"], 4)),
      broker.deliver("files", batch(["b:1"])),
    ]);
    assert.deepEqual(verdict, { kind: "retry", delay: 10_000, remainder: [batch(["a:1"], 4)] });
    assert.deepEqual([exhausted, downloader.pauses], [["no volume has room"], ["no volume with room"]]);
    assert.deepEqual(await broker.deliver("files", batch(["b:1"])), { kind: "release" });
    await until("it looks again", () => waits.length > 2);
    assert.deepEqual(exhausted, ["no volume has room"]);
    placement.full = false;
    await until("it goes on", () => downloader.pauses.length === 0);
    assert.deepEqual(await broker.deliver("retry", batch(["a:1"], 4)), { kind: "ack" });
  });

  test("that ran out after some objects were found lying there: those are reported, the rest waits", async () => {
    const volume = new MemoryVolume("v1");
    volume.lying.set("a", { size: 1, md5: "m".repeat(32), verified: false, storedAt: 1 });
    const { broker, placement, downloader } = await setUp(new Bucket({ a: "1", b: "2" }), {
      volumes: [volume],
    });
    placement.full = true;
    const verdict = await broker.deliver("files", batch(["a:1", "b:1"]), { isRepeated: true });
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map((one) => one.type === "files" && namesOf(one)),
      [["b"]],
    );
    assert.deepEqual(
      outcomesIn(broker).map(({ name, outcome }) => [name, outcome]),
      [["a", "stored"]],
    );
    await downloader.stop(0);
  });
});
