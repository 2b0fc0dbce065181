import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { HostError, SourceError } from "@brigade/core";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, outcomesIn, setUp, until } from "../set-up.ts";

const size = 8_000;
const text = Array.from({ length: size }, (_, index) => "abcdefghij"[index % 10]).join("");
const options = { largeObject: 1_000, largeConnections: 4 };
const film = batch([`film:${size}`]);
const crowded = () => new SourceError("throttled", "429: the same object", { status: 429, scope: "object" });
const broken = () => new SourceError("transport", "the connection broke");

function bucketOf(objects: Record<string, string> = { film: text }) {
  return new Bucket(objects);
}

async function setUpLarge(bucket: Bucket, volumes = [new MemoryVolume("v1")]) {
  const [volume] = volumes;
  assert.ok(volume);
  return { ...(await setUp(bucket, { options, volumes })), volume };
}

describe("a large object", () => {
  test("comes in ranges over several connections, and is stored checked", async () => {
    const bucket = bucketOf();
    const { broker, placement, volume } = await setUpLarge(bucket);
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.equal(placement.spent, size, "its room is not kept beside what it takes");
    const [look, ...ranges] = bucket.ranges;
    assert.deepEqual(look, [0, 0], "one byte shows whether ranges come");
    assert.deepEqual(
      ranges.toSorted(([one], [other]) => one - other),
      [
        [0, 1999],
        [2000, 3999],
        [4000, 5999],
        [6000, 7999],
      ],
    );
    assert.deepEqual(volume.streamed, []);
    assert.equal(volume.files.get("film")?.text, text);
    assert.equal(outcomesIn(broker)[0]?.verified, true);
  });

  test("is fetched in one stream where it is smaller than set, or a variant", async () => {
    const small = bucketOf({ film: "abc" });
    const variant = bucketOf();
    variant.variant = "!s400";
    for (const [bucket, listed] of [
      [small, 3],
      [variant, size],
    ] as const) {
      const { broker, volume } = await setUpLarge(bucket);
      assert.deepEqual(await broker.deliver("files", batch([`film:${listed}`])), { kind: "ack" });
      assert.deepEqual(bucket.ranges, []);
      assert.deepEqual(volume.streamed, ["film"]);
    }
  });

  test("goes on after a failure with what came, in the same try and in a later one", async () => {
    const bucket = bucketOf();
    bucket.failingRange = (from) => {
      if (from >= 6_000) throw broken();
    };
    const { broker, volume, givenUp } = await setUpLarge(bucket);
    const verdict = await broker.deliver("files", film);
    assert.ok(verdict.kind === "retry" && verdict.remainder[0]?.type === "files");
    assert.deepEqual(volume.parts.get("film")?.finished, [{ from: 0, to: 6_000 }]);
    assert.deepEqual(givenUp, [], "the tries of a segment are not those of the run");
    const first = bucket.ranges.filter(([from, to]) => from === 0 && to > 0);
    assert.equal(first.length, 1, "the second try in this process began at what the first had brought");
    bucket.ranges.length = 0;
    bucket.failingRange = () => undefined;

    assert.deepEqual(await broker.deliver("files", verdict.remainder[0]), { kind: "ack" });

    assert.ok(bucket.ranges.slice(1).every(([from]) => from >= 6_000));
    assert.equal(volume.files.get("film")?.text, text);
    assert.equal(volume.parts.size, 0);
  });

  test("goes on on the volume that holds some of it", async () => {
    const bucket = bucketOf();
    const [first, second] = [new MemoryVolume("first"), new MemoryVolume("second")];
    const { broker, placement } = await setUpLarge(bucket, [first, second]);
    placement.failed(first, new HostError("full", "ENOSPC"));
    bucket.failingRange = (from) => {
      if (from >= 6_000) throw broken();
    };
    assert.equal((await broker.deliver("files", film)).kind, "retry");
    placement.retired.clear();
    bucket.failingRange = () => undefined;
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.deepEqual([first.files.size, second.files.size], [0, 1]);
  });

  test("is not fetched in ranges side by side where the store bears one at a time", async () => {
    const bucket = bucketOf();
    let open = 0;
    bucket.failingRange = async () => {
      if (open > 0) throw crowded();
      open++;
      await new Promise(setImmediate);
      open--;
    };
    const { broker, volume } = await setUpLarge(bucket);
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.equal(volume.files.get("film")?.text, text);
    assert.deepEqual(volume.streamed, []);
  });

  for (const [title, refusal] of [
    ["refuses its ranges", crowded],
    ["ignores them", () => new SourceError("damaged", "the range was ignored (status 200)", { status: 200 })],
    ["forbids them", () => new SourceError("forbidden", "403", { status: 403 })],
    ["says of them that there is no such object", () => new SourceError("missing", "404", { status: 404 })],
  ] as const) {
    test(`comes in one stream where the store ${title}`, async () => {
      for (const from of [0, 1]) {
        const bucket = bucketOf();
        // At once, or only what is more than a look.
        bucket.failingRange = (_first, last) => {
          if (last >= from) throw refusal();
        };
        const { broker, volume } = await setUpLarge(bucket);
        assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
        assert.equal(volume.files.get("film")?.text, text);
        assert.deepEqual(volume.streamed, ["film"]);
        assert.equal(volume.parts.size, 0);
      }
    });
  }

  test("comes in one stream where the store answers its ranges with a fault of its own, time after time", async () => {
    const bucket = bucketOf();
    bucket.failingRange = () => {
      throw new SourceError("unavailable", "501", { status: 501 });
    };
    const { broker, volume } = await setUpLarge(bucket);
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.equal(volume.files.get("film")?.text, text);
    assert.deepEqual(volume.streamed, ["film"]);
    assert.equal(bucket.ranges.length, 2, "once might have passed");
  });

  test("is tried again later, in ranges, where the store is too busy for anybody", async () => {
    const bucket = bucketOf();
    bucket.failingRange = () => {
      throw new SourceError("throttled", "429", { status: 429, retryAfterMs: 60_000 });
    };
    const { broker, volume } = await setUpLarge(bucket);
    assert.equal((await broker.deliver("files", film)).kind, "retry");
    assert.deepEqual(volume.streamed, []);
  });

  test("of which some came already is tried again in ranges, though the store finds them too many now", async () => {
    const bucket = bucketOf();
    bucket.failingRange = (from) => {
      if (from >= 6_000) throw broken();
    };
    const { broker, volume } = await setUpLarge(bucket);
    await broker.deliver("files", film);
    bucket.failingRange = () => {
      throw crowded();
    };
    assert.equal((await broker.deliver("files", film)).kind, "retry");
    assert.deepEqual(volume.streamed, []);
    assert.deepEqual(volume.parts.get("film")?.finished, [{ from: 0, to: 6_000 }]);
  });

  test("is tried again later where the store, busy with it, sends a part of its ranges only", async () => {
    const bucket = bucketOf();
    bucket.failingRange = (from) => {
      if (from >= 6_000) throw crowded();
    };
    const { broker, volume } = await setUpLarge(bucket);
    assert.equal((await broker.deliver("files", film)).kind, "retry");
    assert.deepEqual(volume.streamed, []);
    assert.deepEqual(volume.parts.get("film")?.finished, [{ from: 0, to: 6_000 }]);
  });

  test("that is overwritten while it comes is stored as it is now, never mixed", async () => {
    const bucket = bucketOf();
    const newer = { text: text.toUpperCase(), modified: 2_000 };
    bucket.failingRange = (from) => {
      if (from === 4_000) bucket.objects.set("film", newer);
    };
    const open = bucket.open.bind(bucket);
    let held: Promise<unknown> = Promise.resolve();
    // One after the other, so that some ranges are of the older object.
    bucket.open = (...args) => {
      const opened = held.then(() => open(...args));
      held = opened.catch(() => undefined);
      return opened;
    };
    const { broker, volume } = await setUpLarge(bucket);
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.equal(volume.files.get("film")?.text, newer.text);
    assert.equal(outcomesIn(broker)[0]?.modified, 2_000);
    assert.equal(outcomesIn(broker).length, 1);
  });

  test("whose ranges never agree on a state comes in one stream", async () => {
    const bucket = bucketOf();
    let answers = 0;
    bucket.body = () => ({ validator: `etag "${answers++}"` });
    const { broker, volume } = await setUpLarge(bucket);
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.equal(volume.files.get("film")?.text, text);
    assert.deepEqual(volume.streamed, ["film"]);
    const looks = bucket.ranges.filter(([, last]) => last === 0);
    assert.equal(looks.length, 2, "once might have been an overwriting");
  });

  test("whose state is not known comes in one stream, because its pieces could be of several states", async () => {
    const bucket = bucketOf();
    bucket.body = () => ({ validator: undefined, objectMd5: undefined });
    const { broker, volume } = await setUpLarge(bucket);
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.equal(volume.files.get("film")?.text, text);
    assert.deepEqual(bucket.ranges, [[0, 0]]);
  });

  test("whose bytes do not have its MD5 is not kept, and costs an attempt", async () => {
    const bucket = bucketOf();
    bucket.body = () => ({ objectMd5: "0".repeat(32) });
    const { broker, volume } = await setUpLarge(bucket);
    // Something else comes well: it is this object's own fault.
    bucket.objects.set("good", { text: "fine", modified: 1_000 });
    const verdict = await broker.deliver("files", batch(["good:4", `film:${size}`]));
    assert.equal(verdict.kind, "retry");
    assert.deepEqual([...volume.files.keys()], ["good"]);
    assert.equal(volume.parts.size, 0);
  });

  test("whose ranges carry no MD5 is checked by the one in the store's metadata", async () => {
    for (const [etag, kind] of [
      [createHash("md5").update(text).digest("hex"), "ack"],
      ["0".repeat(32), "retry"],
      ['"opaque"', "ack"],
    ] as const) {
      const bucket = bucketOf();
      bucket.body = () => ({ objectMd5: undefined });
      bucket.stat = async (key) => ({ key, size, modified: 1_000, etag });
      const { broker } = await setUpLarge(bucket);
      assert.equal((await broker.deliver("files", film)).kind, kind, etag);
      if (kind === "ack") assert.equal(outcomesIn(broker)[0]?.verified, etag !== '"opaque"');
    }
  });

  test("that is gone from the store has vanished, and its part goes", async () => {
    const bucket = bucketOf();
    bucket.failingRange = (from) => {
      if (from < 6_000) return;
      bucket.objects.delete("film");
      throw new SourceError("missing", "404", { status: 404 });
    };
    const { broker, volume } = await setUpLarge(bucket);
    assert.deepEqual(await broker.deliver("files", film), { kind: "ack" });
    assert.equal(outcomesIn(broker)[0]?.outcome, "vanished");
    assert.equal(volume.parts.size, 0);
  });

  test("that is interrupted keeps what came, and its batch goes back", async () => {
    const bucket = bucketOf();
    const waiting = Promise.withResolvers<void>();
    bucket.failingRange = (from) => {
      if (from < 6_000) return undefined;
      waiting.resolve();
      return new Promise((_resolve, reject) => leaving.promise.then(reject));
    };
    const leaving = Promise.withResolvers<Error>();
    const { broker, volume, downloader } = await setUpLarge(bucket);
    const verdict = broker.deliver("files", film);
    await waiting.promise;
    await until("the others have come", () => (volume.parts.get("film")?.bytes[5_999] ?? 0) > 0);
    const stopped = downloader.stop(0);
    leaving.resolve(new DOMException("leaving", "AbortError"));
    assert.deepEqual(await verdict, { kind: "release" });
    await stopped;
    assert.deepEqual(volume.parts.get("film")?.finished, [{ from: 0, to: 6_000 }]);
  });
});
