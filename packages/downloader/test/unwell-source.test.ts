import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NameError, SourceError, type SourceErrorKind } from "@brigade/core";
import { Bucket } from "./bucket.ts";
import { MemoryVolume } from "./memory-volume.ts";
import { batch, namesOf, outcomesIn, setUp, until } from "./set-up.ts";

const names = Array.from({ length: 64 }, (_, i) => `f${i}`);
const whole = (attempt = 0) =>
  batch(
    names.map((name) => `${name}:1`),
    attempt,
  );

/** 64 objects, all refused while `ill` is set. */
function illBucket(kind: SourceErrorKind) {
  const bucket = new Bucket(Object.fromEntries([...names, "other"].map((name) => [name, "x"])));
  const state = { ill: true };
  bucket.failing = () => {
    if (state.ill) throw new SourceError(kind, `${kind}!`);
  };
  return { bucket, state };
}

describe("a source that is unwell for everybody", () => {
  for (const kind of ["unavailable", "transport", "unauthorized", "banned"] as const) {
    test(`(${kind}) uses up no attempts`, async () => {
      const { bucket } = illBucket(kind);
      const { broker, downloader } = await setUp(bucket);
      const verdict = await broker.deliver("files", batch(["f0:1", "f1:1"], 4));
      assert.ok(verdict.kind === "retry");
      assert.deepEqual(verdict.remainder, [batch(["f0:1", "f1:1"], 4)]);
      assert.deepEqual(outcomesIn(broker), []);
      await downloader.stop(0);
    });
  }

  test("pauses fetching, tells it once, and goes on when it answers", async () => {
    const { bucket, state } = illBucket("unavailable");
    const { broker, downloader, lines } = await setUp(bucket);
    const verdict = await broker.deliver("files", whole(4));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map((one) => [
        one.type === "files" && namesOf(one).length,
        one.type === "files" && one.attempt,
      ]),
      [[64, 4]],
    );
    assert.deepEqual(downloader.pauses, ["source unwell"]);
    assert.deepEqual(await broker.deliver("files", batch(["other:1"])), { kind: "release" });
    const asked = bucket.opened.length;
    state.ill = false;
    await until("it goes on", () => broker.events.includes("resume retry"));
    assert.ok(bucket.opened.length - asked <= 2, "only the probe asked");
    assert.deepEqual(broker.events.slice(0, 2).toSorted(), ["pause files", "pause retry"]);
    assert.deepEqual([downloader.pauses, lines.length], [[], 2]);
    assert.deepEqual(await broker.deliver("files", batch(["other:1"])), { kind: "ack" });
  });

  test("is given up after the limit", async () => {
    const { bucket } = illBucket("banned");
    const { broker, givenUp, clock } = await setUp(bucket, { options: { outageLimit: 120_000 } });
    const began = clock.now;
    await broker.deliver("files", batch(["f0:1"]));
    await until("it is given up", () => givenUp.length > 0);
    assert.match(givenUp[0]?.message ?? "", /banned!/);
    assert.ok(clock.now - began >= 120_000 && clock.now - began < 121_000);
  });

  test("is given up at once when it can never work as configured, and nothing has failed", async () => {
    const { bucket } = illBucket("misconfigured");
    const { broker, givenUp, downloader } = await setUp(bucket);
    const verdict = await broker.deliver("files", whole());
    assert.match(givenUp[0]?.message ?? "", /misconfigured!/);
    assert.deepEqual([verdict.kind, outcomesIn(broker)], ["retry", []]);
    await downloader.stop(0);
  });

  test("that breaks off every body while it still answers uses up no attempts either", async () => {
    const { bucket, state } = illBucket("unavailable");
    state.ill = false;
    bucket.body = () => ({
      bytes: async () => {
        throw new SourceError("transport", "the body broke off");
      },
    });
    const { broker, downloader } = await setUp(bucket);
    const verdict = await broker.deliver("files", whole(4));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map((one) => one.type === "files" && one.attempt),
      [4],
    );
    assert.deepEqual(outcomesIn(broker), []);
    await downloader.stop(0);
  });
});

describe("a source that refuses most objects", () => {
  test("is paused, and the objects have not failed", async () => {
    const { bucket } = illBucket("forbidden");
    const { broker, downloader, lines } = await setUp(bucket);
    const verdict = await broker.deliver("files", whole());
    assert.deepEqual(outcomesIn(broker), []);
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(
      verdict.remainder.map((one) => one.type === "files" && [namesOf(one).length, one.attempt]),
      [[64, 0]],
    );
    assert.deepEqual(downloader.pauses, ["source unwell"]);
    assert.equal(lines.length, 1);
    await downloader.stop(0);
  });

  test("is not paused for a few forbidden objects among many, and those have failed", async () => {
    const { bucket, state } = illBucket("forbidden");
    state.ill = false;
    bucket.failing = (key) => {
      if (key.endsWith("7")) throw new SourceError("forbidden", "403");
    };
    const { broker, downloader } = await setUp(bucket);
    const first = await broker.deliver("files", whole());
    assert.equal(first.kind, "ack");
    assert.deepEqual(
      outcomesIn(broker)
        .filter(({ outcome }) => outcome === "failed")
        .map(({ name }) => name)
        .toSorted(),
      ["f17", "f27", "f37", "f47", "f57", "f7"],
    );
    assert.deepEqual(downloader.pauses, []);
  });

  test("is not paused for a directory of forbidden objects when others are given", async () => {
    const { bucket } = illBucket("forbidden");
    bucket.failing = (key) => {
      if (key !== "other") throw new SourceError("forbidden", "403");
    };
    const { broker } = await setUp(bucket);
    await broker.deliver("files", batch(["other:1"]));
    assert.deepEqual(await broker.deliver("files", whole()), { kind: "ack" });
    assert.equal(outcomesIn(broker).filter(({ outcome }) => outcome === "failed").length, 64);
  });
});

describe("a name that no disk can hold", () => {
  test("has failed and says nothing about the source, however many there are", async () => {
    const { bucket, state } = illBucket("unavailable");
    state.ill = false;
    const volume = new MemoryVolume("v1");
    volume.failing = () => {
      throw new NameError("too long for this disk");
    };
    const { broker, downloader } = await setUp(bucket, { volumes: [volume] });
    assert.deepEqual(await broker.deliver("files", whole()), { kind: "ack" });
    assert.equal(outcomesIn(broker).filter(({ outcome }) => outcome === "failed").length, 64);
    assert.deepEqual(downloader.pauses, []);
    assert.equal(bucket.opened.length, 64, "the source is not asked how it is");
  });
});

describe("the probe", () => {
  test("takes an object that the store confirms gone for an answer", async () => {
    const { bucket, state } = illBucket("unavailable");
    state.ill = false;
    const { broker, givenUp } = await setUp(bucket);
    await broker.deliver("files", batch(["other:1"]));
    bucket.objects.delete("other");
    bucket.failing = (key) => {
      if (key === "f0") throw new SourceError("unavailable", "503");
    };
    const verdict = await broker.deliver("files", batch(["f0:1"]));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [batch(["f0:1"], 1)], "it is the object's own fault");
    assert.deepEqual(givenUp, []);
  });

  test("takes no answer at all for unwell, even if its object is gone by now", async () => {
    const { bucket, state } = illBucket("unavailable");
    state.ill = false;
    const { broker, downloader } = await setUp(bucket);
    await broker.deliver("files", batch(["other:1"]));
    bucket.objects.delete("other");
    state.ill = true;
    const verdict = await broker.deliver("files", batch(["f0:1"]));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [batch(["f0:1"], 0)]);
    await downloader.stop(0);
  });
});
