import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gateOf, isProbe, NameError, type Source, SourceError, type SourceErrorKind } from "@brigade/core";
import { turn } from "../../../../test/recording-broker.ts";
import { ByteBudget } from "../../src/memory/byte-budget.ts";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, outcomesIn, setUp, until } from "../set-up.ts";

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

/** A downloader that was given an object, of a bucket that is ill from then on. */
async function setUpThenIll(kind: SourceErrorKind, { options = {} }: Parameters<typeof setUp>[1] = {}) {
  const { bucket, state } = illBucket(kind);
  state.ill = false;
  const parts = await setUp(bucket, { options });
  await parts.broker.deliver("files", batch(["other:1"]));
  parts.broker.events.length = 0;
  parts.broker.published.length = 0;
  state.ill = true;
  return { ...parts, bucket, state };
}

describe("a source that has stopped giving what it gave", () => {
  for (const kind of ["unavailable", "transport", "damaged", "forbidden", "missing", "banned"] as const) {
    test(`(${kind}) uses up no attempts, and its batches are given back as they are`, async () => {
      const { broker, downloader } = await setUpThenIll(kind);
      assert.deepEqual(await broker.deliver("files", batch(["f0:1", "f1:1"], 4)), { kind: "release" });
      assert.deepEqual(outcomesIn(broker), []);
      await downloader.stop(0);
    });
  }

  test("is paused, which is logged once, and goes on when it answers", async () => {
    const { broker, downloader, lines, bucket, state } = await setUpThenIll("unavailable");
    await broker.deliver("files", whole(4));
    assert.deepEqual(downloader.pauses, ["source unwell"]);
    assert.deepEqual(lines, ["fetching pauses: the source is unwell"]);
    assert.deepEqual(await broker.deliver("files", batch(["other:1"])), { kind: "release" });
    const asked = bucket.opened.length;
    state.ill = false;
    await until("it goes on", () => broker.events.includes("resume retry"));
    assert.ok(bucket.opened.length - asked <= 2, "only the probe asked");
    assert.deepEqual(broker.events.slice(0, 2).toSorted(), ["pause files", "pause retry"]);
    assert.deepEqual([downloader.pauses, lines.length], [[], 2]);
    assert.deepEqual(await broker.deliver("files", batch(["other:1"])), { kind: "ack" });
  });

  test("is said to refuse everything, where it looks like a ban", async () => {
    const { broker, downloader, lines, bans } = await setUpThenIll("forbidden");
    await broker.deliver("files", whole());
    assert.deepEqual(downloader.pauses, ["source refuses everything"]);
    assert.deepEqual([lines, bans.length], [["fetching pauses: the source refuses everything"], 1]);
    await downloader.stop(0);
  });

  test("is asked for nothing but the probe, whatever waits for its place", async () => {
    const { bucket, state } = illBucket("forbidden");
    state.ill = false;
    const places = new ByteBudget(16);
    // As those that send requests do: whoever is held back keeps no place, and a probe waits for
    // none.
    const given: Source = bucket;
    const source: Source = {
      fingerprint: given.fingerprint,
      variant: given.variant,
      manyOrigins: given.manyOrigins,
      listPage: (...asked) => given.listPage(...asked),
      stat: (...asked) => given.stat(...asked),
      async open(object, range, signal) {
        if (isProbe(signal)) return await given.open(object, range, signal);
        for (;;) {
          const place = await places.acquire(1);
          const passing = gateOf(signal)?.enter();
          if (passing === undefined)
            return await given.open(object, range, signal).finally(() => place.give());
          place.give();
          await passing;
        }
      },
    };
    const { broker, downloader } = await setUp(source);
    await broker.deliver("files", batch(["other:1"]));
    bucket.failing = async () => {
      await turn();
      throw new SourceError("forbidden", "403");
    };
    const before = bucket.opened.length;
    const batches = Array.from({ length: 8 }, (_, n) => batch(names.map((name) => `${n}-${name}:1`)));
    const verdicts = await Promise.all(batches.map((one) => broker.deliver("files", one)));
    assert.ok(verdicts.every(({ kind }) => kind === "release"));
    const requests = bucket.opened.length - before;
    assert.ok(requests <= 8 + 2 * 16 + 3, `${requests} requests for 512 objects`);
    await downloader.stop(0);
  });

  test("is given up after the limit, counted from the first failure", async () => {
    const { broker, givenUp, clock } = await setUpThenIll("banned", { options: { outageLimit: 120_000 } });
    const began = clock.now;
    await broker.deliver("files", batch(["f0:1"]));
    await until("it is given up", () => givenUp.length > 0);
    assert.match(givenUp[0]?.message ?? "", /banned!/);
    assert.ok(clock.now - began >= 120_000 && clock.now - began < 121_000);
  });

  test("is given up soon when its listing refuses our credentials, too", async () => {
    const { broker, givenUp, bucket } = await setUpThenIll("unauthorized");
    bucket.failingList = () => {
      throw new SourceError("unauthorized", "401 to the listing");
    };
    const before = bucket.opened.length;
    await broker.deliver("files", whole(4));
    assert.match(givenUp[0]?.message ?? "", /401 to the listing/);
    assert.deepEqual([outcomesIn(broker), bucket.listed.length], [[], 2]);
    assert.ok(bucket.opened.length - before <= 64 + 4, "what was begun, and probes");
  });

  test("that breaks off every body while it still answers uses up no attempts either", async () => {
    const { broker, downloader, bucket, state } = await setUpThenIll("unavailable");
    state.ill = false;
    bucket.body = () => ({
      bytes: async () => {
        throw new SourceError("transport", "the body broke off");
      },
    });
    assert.deepEqual(await broker.deliver("files", whole(4)), { kind: "release" });
    assert.deepEqual(outcomesIn(broker), []);
    await downloader.stop(0);
  });
});

describe("a source that can never work as configured", () => {
  test("is given up at once, and nothing has failed", async () => {
    const { bucket } = illBucket("misconfigured");
    const { broker, givenUp, downloader } = await setUp(bucket);
    const verdict = await broker.deliver("files", whole());
    assert.match(givenUp[0]?.message ?? "", /misconfigured!/);
    assert.deepEqual([verdict.kind, outcomesIn(broker)], ["release", []]);
    await downloader.stop(0);
  });
});

describe("a source that fails before it gave anything", () => {
  test("has objects fail by themselves while they are few", async () => {
    const { bucket } = illBucket("unavailable");
    const { broker, downloader } = await setUp(bucket);
    const verdict = await broker.deliver("files", batch(["f0:1", "f1:1"], 3));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [batch(["f0:1", "f1:1"], 4)]);
    assert.deepEqual(downloader.pauses, []);
  });

  test("is paused when many different ones have failed", async () => {
    const { bucket } = illBucket("unavailable");
    const { broker, downloader } = await setUp(bucket);
    await broker.deliver("files", whole(4));
    assert.deepEqual(downloader.pauses, ["source unwell"]);
    assert.ok(outcomesIn(broker).length < 32);
    await downloader.stop(0);
  });

  test("is paused at once when nothing can be reached at all", async () => {
    const { bucket } = illBucket("transport");
    bucket.failing = () => {
      throw new SourceError("transport", "connection refused", { scope: "origin" });
    };
    const { broker, downloader } = await setUp(bucket);
    assert.deepEqual(await broker.deliver("files", batch(["f0:1"], 4)), { kind: "release" });
    assert.deepEqual(downloader.pauses, ["source unwell"]);
    await downloader.stop(0);
  });
});

describe("a source that refuses objects", () => {
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
  test("has failed and does not count against the source, however many there are", async () => {
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
  test("counts an object that the store confirms gone as an answer", async () => {
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

  test("counts no answer at all as unwell, even if its object is gone by now", async () => {
    const { bucket, state } = illBucket("unavailable");
    state.ill = false;
    const { broker, downloader } = await setUp(bucket);
    await broker.deliver("files", batch(["other:1"]));
    bucket.objects.delete("other");
    state.ill = true;
    assert.deepEqual(await broker.deliver("files", batch(["f0:1"])), { kind: "release" });
    await downloader.stop(0);
  });
});
