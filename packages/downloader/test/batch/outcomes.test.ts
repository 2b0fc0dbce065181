import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SourceError } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, job, outcomesIn, setUp } from "../set-up.ts";

describe("an object", () => {
  test("that comes as listed is stored, and reported with size, MD5 and volume before the verdict", async () => {
    const volume = new MemoryVolume("v1");
    const { broker, placement } = await setUp(new Bucket({ a: "hello" }), { volumes: [volume] });
    const verdict = await broker.deliver("files", batch(["a:5"]));
    assert.deepEqual(verdict, { kind: "ack" });
    assert.deepEqual(broker.events, ["publish result", "confirmed"]);
    const [result] = broker.publishedOf("result");
    assert.deepEqual([result?.job, result?.host, result?.volume], [job, "here", "v1"]);
    assert.deepEqual(JSON.parse(JSON.stringify(result?.pages)), [
      {
        page: "p",
        directory: "",
        objects: [
          {
            index: 0,
            name: "a",
            outcome: "stored",
            listedSize: 5,
            modified: 1_000,
            size: 5,
            md5: "5d41402abc4b2a76b9719d911017c592",
            verified: true,
            at: 0,
          },
        ],
      },
    ]);
    const { object, text } = volume.files.get("a") ?? {};
    assert.equal(text, "hello");
    assert.deepEqual(
      [object?.source, object?.fingerprint, object?.job, object?.modified, object?.expectedSize],
      ["photos", "f1", "job", 1_000, 5],
    );
    assert.equal(placement.reserved, 0);
  });

  test("is not acked when its result is not confirmed", async () => {
    const { broker } = await setUp(new Bucket({ a: "hello" }));
    broker.refuse = new Error("the broker is being disposed");
    await assert.rejects(broker.deliver("files", batch(["a:5"])), /disposed/);
  });

  test("that is larger than a small body goes to the disk in pieces", async () => {
    const text = "x".repeat(1024 * 1024 + 1);
    const bucket = new Bucket({ a: text });
    bucket.body = () => ({ bytes: () => assert.fail("collected in memory") });
    const volume = new MemoryVolume("v1");
    volume.capacity = 2 * text.length;
    const { broker } = await setUp(bucket, { volumes: [volume] });
    assert.deepEqual(await broker.deliver("files", batch([`a:${text.length}`])), { kind: "ack" });
    assert.ok(volume.files.get("a")?.text === text);
  });

  test("that the store confirms gone has vanished", async () => {
    const bucket = new Bucket();
    const { broker } = await setUp(bucket);
    assert.deepEqual(await broker.deliver("files", batch(["a:5"])), { kind: "ack" });
    assert.deepEqual(bucket.asked, ["a"]);
    const [result] = broker.publishedOf("result");
    assert.equal(result?.volume, undefined);
    assert.deepEqual(outcomesIn(broker), [
      { index: 0, name: "a", outcome: "vanished", listedSize: 5, modified: 1_000 },
    ]);
  });

  test("that may be gone, when the store cannot be asked, has not vanished", async () => {
    const bucket = new Bucket();
    bucket.failingStat = () => {
      throw new SourceError("unavailable", "503");
    };
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("files", batch(["a:5"]));
    assert.equal(verdict.kind, "retry");
    assert.deepEqual(outcomesIn(broker), []);
  });

  test("that is forbidden has failed, with the reason, without trying again", async () => {
    const bucket = new Bucket({ a: "hello", b: "b" });
    bucket.failing = (key) => {
      if (key === "a") throw new SourceError("forbidden", "403 of the store", { status: 403 });
    };
    const { broker, lines } = await setUp(bucket);
    await broker.deliver("files", batch(["b:1"]));
    assert.deepEqual(await broker.deliver("files", batch(["a:5"])), { kind: "ack" });
    assert.deepEqual(outcomesIn(broker)[1], {
      index: 0,
      name: "a",
      outcome: "failed",
      listedSize: 5,
      modified: 1_000,
      etag: undefined,
      reason: "403 of the store",
      class: "forbidden",
    });
    assert.equal(bucket.times("a"), 1);
    assert.deepEqual(lines, ["an object failed"]);
  });

  test("that was overwritten with another length is stored as it now is, and recorded so", async () => {
    const bucket = new Bucket();
    bucket.objects.set("a", { text: "newer and longer", modified: 2_000 });
    const volume = new MemoryVolume("v1");
    const { broker } = await setUp(bucket, { volumes: [volume] });
    assert.deepEqual(await broker.deliver("files", batch(["a:5"])), { kind: "ack" });
    const [outcome] = outcomesIn(broker);
    assert.deepEqual(
      [outcome?.outcome, outcome?.listedSize, outcome?.size, outcome?.modified],
      ["stored", 16, 16, 2_000],
    );
    assert.deepEqual(
      [volume.files.get("a")?.object.modified, volume.files.get("a")?.text],
      [2_000, "newer and longer"],
    );
    assert.deepEqual(bucket.asked, ["a"], "the store is asked once");
    assert.deepEqual(bucket.cancelled, ["a"], "the body that was not taken is cancelled");
  });

  test("that was overwritten with the same length is recorded with its new time", async () => {
    const bucket = new Bucket();
    bucket.objects.set("a", { text: "HELLO", modified: 2_000 });
    const { broker } = await setUp(bucket);
    await broker.deliver("files", batch(["a:5"]));
    assert.deepEqual(
      outcomesIn(broker).map(({ outcome, modified }) => [outcome, modified]),
      [["stored", 2_000]],
    );
  });

  test("is recorded with its new time even after many that were overwritten with another length", async () => {
    const bucket = new Bucket();
    for (const key of ["a", "b", "c", "d"]) bucket.objects.set(key, { text: "longer", modified: 2_000 });
    bucket.objects.set("e", { text: "HELLO", modified: 2_000 });
    const { broker } = await setUp(bucket);
    for (const file of ["a:5", "b:5", "c:5", "d:5", "e:5"]) await broker.deliver("files", batch([file]));
    assert.deepEqual(
      outcomesIn(broker).map(({ outcome, modified }) => [outcome, modified]),
      Array.from({ length: 5 }, () => ["stored", 2_000]),
    );
  });

  test("from a host whose dates are its own keeps the listed time, and the store is soon not asked any more", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
    const bucket = new Bucket(Object.fromEntries(names.map((name) => [name, "hello"])));
    bucket.body = () => ({ modified: 9_999 });
    const { broker } = await setUp(bucket);
    for (const name of names) await broker.deliver("files", batch([`${name}:5`]));
    assert.ok(
      outcomesIn(broker).every(({ outcome, modified }) => outcome === "stored" && modified === 1_000),
    );
    assert.ok(bucket.asked.length <= 3, `asked ${bucket.asked.length} times`);
  });

  test("whose length stays wrong is asked about once, then tried again later", async () => {
    const bucket = new Bucket({ a: "hello", b: "b" });
    bucket.body = (key) => (key === "a" ? { size: 4 } : {});
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("files", batch(["a:5", "b:1"]));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [batch(["a:5"], 1)]);
    assert.deepEqual(bucket.asked, ["a"]);
  });

  test("whose bytes are not of the source's MD5 is not stored", async () => {
    const bucket = new Bucket({ a: "hello", b: "b" });
    bucket.body = (key) => (key === "a" ? { md5: "0".repeat(32) } : {});
    const volume = new MemoryVolume("v1");
    const { broker } = await setUp(bucket, { volumes: [volume] });
    const verdict = await broker.deliver("files", batch(["a:5", "b:1"], 3));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual([...volume.files.keys()], ["b"]);
    await broker.deliver("retry", batch(["a:5"], 4));
    assert.match(outcomesIn(broker).at(-1)?.reason ?? "", /MD5/);
  });

  test("in a variant is stored with the size that comes, and recorded with the listed one too", async () => {
    const bucket = new Bucket({ "a.jpg": "small" });
    bucket.variant = "!s400";
    bucket.body = () => ({ size: undefined, md5: undefined, modified: 5_000 });
    const volume = new MemoryVolume("v1");
    const { broker } = await setUp(bucket, { volumes: [volume] });
    await broker.deliver("files", batch(["a.jpg:50000"]));
    const [outcome] = outcomesIn(broker);
    assert.deepEqual(
      [outcome?.outcome, outcome?.listedSize, outcome?.size, outcome?.modified, outcome?.verified],
      ["stored", 50_000, 5, 1_000, false],
    );
    const { object } = volume.files.get("a.jpg") ?? {};
    assert.deepEqual(
      [object?.variant, object?.expectedSize, object?.expectedMd5],
      ["!s400", undefined, undefined],
    );
    assert.deepEqual(bucket.asked, []);
  });
});

describe("a batch", () => {
  test("reports each page's objects under that page, in one result message", async () => {
    const { broker } = await setUp(new Bucket({ "d/a": "a", "e/b": "b", "d/c": "c" }));
    const file = (index: number, name: string) => ({ index, name, size: 1, modified: 1_000 });
    const verdict = await broker.deliver("files", {
      ...batch([]),
      slices: [
        { page: "p1", directory: "d", files: [file(7, "a"), file(9, "c")] },
        { page: "p2", directory: "e", files: [file(0, "b")] },
      ],
    });
    assert.deepEqual(verdict, { kind: "ack" });
    assert.equal(broker.publishedOf("result").length, 1);
    assert.deepEqual(
      broker
        .publishedOf("result")[0]
        ?.pages.map(({ page, directory, objects }) => [
          page,
          directory,
          objects.map(({ index }) => index).sort(),
        ]),
      [
        ["p1", "d", [7, 9]],
        ["p2", "e", [0]],
      ],
    );
  });

  test("that comes again after a crash is not fetched where it lies already", async () => {
    const bucket = new Bucket({ a: "hello", b: "world" });
    const volume = new MemoryVolume("v1");
    volume.lying.set("a", { size: 5, md5: "m".repeat(32), verified: false, storedAt: 1 });
    const { broker } = await setUp(bucket, { volumes: [volume] });
    assert.deepEqual(await broker.deliver("files", batch(["a:5", "b:5"]), { isRepeated: true }), {
      kind: "ack",
    });
    assert.deepEqual(bucket.opened, ["b"]);
    assert.deepEqual(
      outcomesIn(broker).map(({ name, outcome }) => [name, outcome]),
      [
        ["a", "stored"],
        ["b", "stored"],
      ],
    );
  });

  test("is looked for on volumes that were not fresh, on each only for what is still missing", async () => {
    const bucket = new Bucket({ a: "hello", b: "world" });
    const volumes = ["fresh", "old", "older"].map((id) => new MemoryVolume(id));
    const [, old, older] = volumes;
    assert.ok(old !== undefined && older !== undefined);
    old.fresh = false;
    older.fresh = false;
    old.lying.set("a", { size: 5, md5: "m".repeat(32), verified: false, storedAt: 1 });
    const { broker } = await setUp(bucket, { volumes });
    await broker.deliver("files", batch(["a:5", "b:5"]));
    assert.deepEqual(
      volumes.map(({ adoptions }) => adoptions),
      [[], ["a", "b"], ["b"]],
    );
    assert.deepEqual(
      broker.publishedOf("result").map(({ volume, pages }) => [volume, pages[0]?.objects[0]?.name]),
      [
        ["old", "a"],
        ["fresh", "b"],
      ],
    );
  });

  test("of a job whose source was configured differently is given back untouched, and the downloader ends with an error", async () => {
    const bucket = new Bucket({ a: "hello" });
    const { broker, givenUp } = await setUp(bucket);
    const verdict = await broker.deliver("files", { ...batch(["a:5"]), job: { ...job, fingerprint: "f2" } });
    assert.deepEqual(verdict, { kind: "release" });
    assert.match(givenUp[0]?.message ?? "", /another bucket, domain or version/);
    assert.deepEqual([bucket.opened, broker.published], [[], []]);
  });
});
