import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FilesMessage, SourceError } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, outcomesIn, setUp } from "../set-up.ts";

const bytesOf = (text: string) => ({
  size: text.length,
  md5: undefined,
  bytes: async () => new TextEncoder().encode(text),
});

function page(): never {
  throw new SourceError("forbidden", "a page came", { status: 200 });
}

/** Delivers these objects after one that is known to work; tells what came of them. */
async function outcomesOf(bucket: Bucket, message: FilesMessage) {
  bucket.objects.set("well", { text: "1", modified: 1_000 });
  const volume = new MemoryVolume("v1");
  const { broker } = await setUp(bucket, { volumes: [volume] });
  await broker.deliver("files", batch(["well:1"]));
  const verdict = await broker.deliver("files", message);
  const outcomes = outcomesIn(broker).filter(({ name }) => name !== "well");
  return { verdict, outcomes, texts: outcomes.map(({ name }) => volume.files.get(name)?.text) };
}

function hearsay(file: string): FilesMessage {
  const message = batch([file]);
  for (const { files } of message.slices) for (const one of files) one.unproven = true;
  return message;
}

describe("what does not come as it was listed is asked for once more, past caches:", () => {
  test("a page in place of the object is left behind", async () => {
    const bucket = new Bucket({ a: "hello" });
    bucket.body = (_key, _time, fresh) => (fresh ? {} : { bytes: async () => page() });
    const { outcomes, texts } = await outcomesOf(bucket, batch(["a:5"]));
    assert.deepEqual(texts, ["hello"]);
    assert.equal(outcomes[0]?.outcome, "stored");
  });

  test("if the page comes again, the object has failed, and at once", async () => {
    const bucket = new Bucket({ a: "hello" });
    bucket.failing = (key) => (key === "a" ? page() : undefined);
    const { outcomes } = await outcomesOf(bucket, batch(["a:5"]));
    assert.deepEqual(
      outcomes.map(({ outcome, reason }) => [outcome, reason]),
      [["failed", "a page came"]],
    );
    assert.deepEqual([bucket.times("a"), bucket.openedPastCaches], [2, ["a"]]);
  });

  test("an object whose size only a HEAD gave fails without a date, so that a retry lists it again", async () => {
    for (const [message, modified] of [
      [hearsay("a:5"), undefined],
      [batch(["a:5"]), 1_000],
    ] as const) {
      const bucket = new Bucket({ a: "hello" });
      bucket.failing = (key) => (key === "a" ? page() : undefined);
      const { outcomes } = await outcomesOf(bucket, message);
      assert.deepEqual(
        outcomes.map((one) => [one.outcome, one.listedSize, one.modified]),
        [["failed", 5, modified]],
      );
    }
  });

  test("a 404 that only a cache had is left behind", async () => {
    const bucket = new Bucket({ a: "hello" });
    bucket.failing = (key, time) => {
      if (key === "a" && time === 1) throw new SourceError("missing", "404 of a cache", { status: 404 });
    };
    assert.deepEqual((await outcomesOf(bucket, batch(["a:5"]))).texts, ["hello"]);
  });

  test("an object that stays 404 though the store has its metadata counts as failed with that reason, not as vanished", async () => {
    const bucket = new Bucket({ a: "hello" });
    bucket.failing = (key) => {
      if (key === "a") throw new SourceError("missing", "404 of GET", { status: 404 });
    };
    const { outcomes } = await outcomesOf(bucket, batch(["a:5"]));
    assert.equal(outcomes[0]?.outcome, "failed");
    assert.equal(outcomes[0]?.reason, "404 of GET; but the source still has metadata of it");
    assert.deepEqual([bucket.times("a"), bucket.asked], [2, ["a"]]);
  });

  test("an old body of another length is never stored as what was listed", async () => {
    const bucket = new Bucket({ a: "hello world" });
    bucket.body = (key) => (key === "a" ? { ...bytesOf("hello"), modified: 900 } : {});
    const { verdict, outcomes } = await outcomesOf(bucket, batch(["a:11"]));
    assert.deepEqual([verdict.kind, outcomes], ["retry", []]);
    assert.ok(bucket.openedPastCaches.includes("a"));
  });

  test("an old body of another length does not count where a newer one comes past the cache", async () => {
    const bucket = new Bucket({ a: "hello world" });
    bucket.body = (key, _time, fresh) => (key === "a" && !fresh ? bytesOf("hello") : {});
    assert.deepEqual((await outcomesOf(bucket, batch(["a:11"]))).texts, ["hello world"]);
  });

  test("metadata of the same or an older date proves no other length, a later date or a digest does", async () => {
    for (const [modified, etag, kind] of [
      [1_000, undefined, "retry"],
      [900, undefined, "retry"],
      [1_001, undefined, "ack"],
      [1_000, "5d41402abc4b2a76b9719d911017c592", "ack"],
    ] as const) {
      const bucket = new Bucket({ a: "hello" });
      bucket.stat = async (key) => ({ key, size: 5, modified, etag });
      const { verdict } = await outcomesOf(bucket, batch(["a:11"]));
      assert.equal(verdict.kind, kind, `${modified} ${etag}`);
    }
  });

  test("an object does not count as older because its listing has minutes and no seconds", async () => {
    const bucket = new Bucket({ a: "hello" });
    bucket.stat = async (key) => ({ key, size: 5, modified: 1_259 });
    const message = batch(["a:11"]);
    for (const { files } of message.slices) for (const one of files) one.modified = 1_200;
    assert.equal((await outcomesOf(bucket, message)).verdict.kind, "retry");
  });

  test("a body in doubt is accepted if the same comes again; after three such no second request is made", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const bucket = new Bucket(Object.fromEntries(names.map((name) => [name, "hello"])));
    bucket.body = () => ({ doubt: "older than listed", modified: 900 });
    const { broker } = await setUp(bucket);
    for (const name of names) await broker.deliver("files", batch([`${name}:5`]));
    assert.deepEqual(
      outcomesIn(broker).map(({ outcome }) => outcome),
      Array(5).fill("stored"),
    );
    assert.deepEqual(bucket.openedPastCaches, ["a", "b", "c"]);
  });
});

describe("a size that HEAD gave", () => {
  test("and that is wrong fails no object, because the second GET decides", async () => {
    const bucket = new Bucket({ a: "hello" });
    const { outcomes, texts } = await outcomesOf(bucket, hearsay("a:777"));
    assert.deepEqual(texts, ["hello"]);
    const [result] = outcomes;
    // Accounted for with what HEAD will say next time.
    assert.deepEqual([result?.outcome, result?.listedSize, result?.size], ["stored", 777, 5]);
    assert.deepEqual([bucket.times("a"), bucket.asked], [2, []]);
  });

  test("and that no GET brings, nor two of them the same, is no size: the object is tried again", async () => {
    const bucket = new Bucket({ a: "hello world" });
    bucket.body = (key, time) => (key === "a" ? bytesOf("x".repeat(time)) : {});
    const { verdict, outcomes } = await outcomesOf(bucket, hearsay("a:100"));
    assert.deepEqual([verdict.kind, outcomes], ["retry", []]);
  });

  test("and that is right shows a GET that is wrong", async () => {
    const bucket = new Bucket({ a: "hello world" });
    bucket.body = (key, _time, fresh) => (key === "a" && !fresh ? bytesOf("hello") : {});
    assert.deepEqual((await outcomesOf(bucket, hearsay("a:11"))).texts, ["hello world"]);
  });
});
