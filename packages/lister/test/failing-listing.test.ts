import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SourceError } from "@brigade/core";
import { turn } from "../../../test/recording-broker.ts";
import { at, files, ListedBucket, setUp } from "./set-up.ts";

const unavailable = (retryAfterMs?: number) =>
  new SourceError("unavailable", "503", { status: 503, retryAfterMs });

/** A bucket that is well but for one directory. */
function oneBad(error: SourceError) {
  return new ListedBucket({ "": [{}], bad: error, good: [{ files: files("a") }] });
}

describe("a page that cannot be listed", () => {
  test("is tried again later, counting the attempt, when the source is otherwise well", async () => {
    const { broker } = await setUp(oneBad(unavailable()));
    const verdict = await broker.deliver("directories", at({ directory: "bad" }, { attempt: 1 }));
    assert.deepEqual(verdict, {
      kind: "retry",
      delay: 10_000,
      remainder: [at({ directory: "bad" }, { attempt: 2 })],
    });
    assert.deepEqual(broker.published, []);
  });

  test("is tried again later without counting the attempt when nothing else can be listed either", async () => {
    const bucket = oneBad(unavailable());
    bucket.failing = () => {
      throw unavailable();
    };
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", at({ directory: "bad" }, { attempt: 4 }));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [at({ directory: "bad" }, { attempt: 4 })]);
    assert.deepEqual(broker.published, []);
  });

  test("waits longer with each attempt, through the delays that there are", async () => {
    const { broker } = await setUp(oneBad(unavailable()), { options: { maxAttempts: 100 } });
    const delays: number[] = [];
    for (const attempt of [0, 1, 2, 3, 4, 50]) {
      const verdict = await broker.deliver("directories", at({ directory: "bad" }, { attempt }));
      if (verdict.kind === "retry") delays.push(verdict.delay);
    }
    assert.deepEqual(delays, [1_000, 10_000, 60_000, 600_000, 600_000, 600_000]);
  });

  test("waits as long as the source demands", async () => {
    const { broker } = await setUp(oneBad(unavailable(45_000)));
    const verdict = await broker.deliver("directories", at({ directory: "bad" }));
    assert.ok(verdict.kind === "retry" && verdict.delay === 60_000);
  });

  test("is recorded as failed, with its reason, when it is out of attempts", async () => {
    const { broker, warnings } = await setUp(oneBad(new SourceError("bad-listing", "not a listing")));
    const position = { directory: "bad", walk: 2, page: 7, cursor: "c" };
    const verdict = await broker.deliver("directories", at(position, { attempt: 4 }));
    assert.deepEqual(verdict, { kind: "ack" });
    const [record] = broker.publishedOf("page");
    assert.deepEqual(
      [record?.directory, record?.walk, record?.page, record?.end, record?.reason, record?.count],
      ["bad", 2, 7, "failed", "not a listing", 0],
    );
    assert.equal(broker.published.length, 1);
    assert.deepEqual(warnings, ["a directory could not be listed"]);
  });

  test("is recorded as failed at once when it is forbidden", async () => {
    const { broker } = await setUp(oneBad(new SourceError("forbidden", "403")));
    assert.deepEqual(await broker.deliver("directories", at({ directory: "bad" })), { kind: "ack" });
    assert.equal(broker.publishedOf("page")[0]?.end, "failed");
  });

  test("does not hold up the other directories of its message", async () => {
    const { broker } = await setUp(oneBad(unavailable()));
    const positions = ["bad", "good"].map((directory) => ({ directory, walk: 0, page: 1 }));
    const verdict = await broker.deliver("directories", { ...at(), positions });
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [at({ directory: "bad" }, { attempt: 1 })]);
    assert.deepEqual(
      broker.published.map(({ type }) => type),
      ["files", "page"],
    );
  });

  test("by a defect of the program gives no verdict", async () => {
    const bucket = oneBad(unavailable());
    bucket.failing = () => {
      throw new TypeError("a mistake of ours");
    };
    const { broker } = await setUp(bucket);
    await assert.rejects(broker.deliver("directories", at()), TypeError);
    assert.deepEqual(broker.published, []);
  });
});

describe("a directory that answers 404", () => {
  test("does not count as gone while the whole host answers 404", async () => {
    const bucket = new ListedBucket({ "": [{}] });
    const { broker } = await setUp(bucket);
    await broker.deliver("directories", at());
    broker.published.length = 0;
    delete bucket.tree[""];
    const verdict = await broker.deliver("directories", at({ directory: "a" }, { attempt: 2 }));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [at({ directory: "a" }, { attempt: 2 })]);
    assert.deepEqual(broker.published, []);
  });

  test("is a failed one, never an empty one, where the job begins with it", async () => {
    const { broker } = await setUp(new ListedBucket({}));
    for (const attempt of [2, 4]) await broker.deliver("directories", at({}, { attempt }));
    assert.deepEqual(
      broker.publishedOf("page").map(({ end }) => end),
      ["failed"],
    );
  });

  test("counts as gone only at the third try, and is then an empty last page", async () => {
    const { broker } = await setUp(new ListedBucket({ "": [{}] }));
    for (const attempt of [0, 1]) {
      const verdict = await broker.deliver("directories", at({ directory: "gone" }, { attempt }));
      assert.ok(verdict.kind === "retry");
      assert.deepEqual(verdict.remainder, [at({ directory: "gone" }, { attempt: attempt + 1 })]);
    }
    assert.deepEqual(broker.published, []);
    const verdict = await broker.deliver("directories", at({ directory: "gone" }, { attempt: 2 }));
    assert.deepEqual(verdict, { kind: "ack" });
    const [record] = broker.publishedOf("page");
    assert.deepEqual([record?.end, record?.page, record?.count], ["last", 1, 0]);
    assert.match(record?.reason ?? "", /gone/);
  });

  test("in mid-listing is a failed page, never the end", async () => {
    const { broker } = await setUp(new ListedBucket({ "": [{}] }));
    const position = { directory: "gone", page: 2, cursor: "2" };
    const verdict = await broker.deliver("directories", at(position, { attempt: 2 }));
    assert.equal(verdict.kind, "retry");
    await broker.deliver("directories", at(position, { attempt: 4 }));
    assert.deepEqual(
      broker.publishedOf("page").map(({ end, page }) => [end, page]),
      [["failed", 2]],
    );
  });
});

describe("a source that is unwell", () => {
  test("pauses listing, uses up no attempts, and goes on when it answers", async () => {
    const bucket = new ListedBucket({ "": [{}], a: [{}] });
    const { broker, lister, warnings } = await setUp(bucket);
    assert.deepEqual(await broker.deliver("directories", at({ directory: "" })), { kind: "ack" });
    let ill = 3;
    bucket.failing = () => {
      if (ill-- > 0) throw new SourceError("forbidden", "403");
    };
    const verdict = await broker.deliver("directories", at({ directory: "a" }, { attempt: 4 }));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [at({ directory: "a" }, { attempt: 4 })]);
    assert.deepEqual(lister.pauses, ["source unwell"]);
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "release" });
    for (let i = 0; i < 20 && lister.pauses.length > 0; i++) await turn();
    assert.deepEqual(broker.events.slice(-2), ["pause directories", "resume directories"]);
    assert.deepEqual(warnings, [
      "listing pauses: the source refuses everything",
      "listing goes on: the source answers again",
    ]);
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "ack" });
  });

  test("is said to refuse everything, where it looks like a ban", async () => {
    const bucket = new ListedBucket({ "": [{}], a: [{}], b: [{}] });
    const { broker, bans, warnings, lister } = await setUp(bucket);
    await broker.deliver("directories", at({ directory: "a" }));
    bucket.failing = () => {
      throw new SourceError("forbidden", "403");
    };
    assert.equal((await broker.deliver("directories", at({ directory: "b" }))).kind, "retry");
    assert.deepEqual([bans.length, warnings], [1, ["listing pauses: the source refuses everything"]]);
    await lister[Symbol.asyncDispose]();
  });

  test("is given up soon when it refuses our credentials", async () => {
    const bucket = new ListedBucket({ "": [{}] });
    bucket.failing = () => {
      throw new SourceError("unauthorized", "401");
    };
    const { broker, givenUp } = await setUp(bucket);
    const verdict = await broker.deliver("directories", at({ directory: "a" }, { attempt: 4 }));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [at({ directory: "a" }, { attempt: 4 })]);
    assert.match(givenUp[0]?.message ?? "", /401/);
    assert.ok(bucket.asked.length <= 4, `${bucket.asked.length} requests`);
  });

  test("has only that directory fail that needs other credentials", async () => {
    const { broker, givenUp } = await setUp(oneBad(new SourceError("unauthorized", "401")));
    assert.deepEqual(await broker.deliver("directories", at({ directory: "bad" })), { kind: "ack" });
    assert.deepEqual([broker.publishedOf("page")[0]?.end, givenUp], ["failed", []]);
  });

  test("is paused at once when its first listing does not come", async () => {
    const { broker, lister, warnings } = await setUp(new ListedBucket({ "": unavailable() }));
    assert.equal((await broker.deliver("directories", at())).kind, "retry");
    assert.deepEqual(lister.pauses, ["source unwell"]);
    assert.deepEqual(warnings, ["listing pauses: the source is unwell"]);
    await lister[Symbol.asyncDispose]();
  });

  test("is a hole when its first listing cannot be read: that is no outage", async () => {
    const unreadable = new SourceError("unavailable", "the answer is not HTTP");
    const { broker, lister, warnings } = await setUp(new ListedBucket({ "": unreadable }), {
      options: { maxAttempts: 2 },
    });
    assert.equal((await broker.deliver("directories", at())).kind, "retry");
    assert.deepEqual(lister.pauses, []);
    assert.deepEqual(await broker.deliver("directories", at({}, { attempt: 1 })), { kind: "ack" });
    assert.equal(broker.publishedOf("page")[0]?.end, "failed");
    assert.deepEqual(warnings, ["a directory could not be listed"]);
    await lister[Symbol.asyncDispose]();
  });

  test("is given up after the limit", async () => {
    const bucket = new ListedBucket({});
    bucket.failing = () => {
      throw new SourceError("banned", "you are banned");
    };
    const { broker, givenUp, clock } = await setUp(bucket, { options: { outageLimit: 120_000 } });
    const began = clock.now;
    await broker.deliver("directories", at());
    for (let i = 0; i < 50 && givenUp.length === 0; i++) await turn();
    assert.match(givenUp[0]?.message ?? "", /banned/);
    assert.ok(clock.now - began >= 120_000 && clock.now - began < 120_100);
  });

  test("is given up at once when it can never work as configured", async () => {
    const bucket = new ListedBucket({ "": new SourceError("misconfigured", "no such bucket") });
    const { broker, givenUp } = await setUp(bucket);
    await broker.deliver("directories", at());
    assert.match(givenUp[0]?.message ?? "", /no such bucket/);
  });
});

describe("a lister that is disposed", () => {
  test("gives back what it was listing, untouched, and waits until it has", async () => {
    const bucket = new ListedBucket({ "": [{}] });
    bucket.failing = (_directory, _cursor, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { broker, lister } = await setUp(bucket);
    const verdict = broker.deliver("directories", at({}, { attempt: 2 }));
    await turn();
    await lister[Symbol.asyncDispose]();
    assert.deepEqual([await verdict, broker.published], [{ kind: "release" }, []]);
    assert.equal(broker.events.at(-1), "dispose directories");
  });

  test("accepts no more deliveries and never resumes", async () => {
    const bucket = new ListedBucket({ "": new SourceError("banned", "no") });
    const { broker, lister } = await setUp(bucket);
    await broker.deliver("directories", at());
    bucket.tree[""] = [{}];
    await lister[Symbol.asyncDispose]();
    for (let i = 0; i < 10; i++) await turn();
    assert.ok(!broker.events.includes("resume directories"));
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "release" });
  });

  test("acts on nothing when its delivery is lost", async () => {
    const bucket = new ListedBucket({ "": [{ files: files("a") }] });
    const lost = new AbortController();
    bucket.failing = () => lost.abort();
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", at(), { signal: lost.signal });
    assert.deepEqual([verdict, broker.published], [{ kind: "release" }, []]);
  });
});
