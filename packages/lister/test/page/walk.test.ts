import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page, RecordedPage } from "@brigade/core";
import { at, files, job, ListedBucket, setUp, walkAll } from "../set-up.ts";

/** A directory whose listing runs through `lead` pages into a circle of `length`. */
class CircularBucket extends ListedBucket {
  readonly #lead: number;
  readonly #length: number;

  constructor(lead: number, length: number) {
    super({ "": [{ directories: ["ring"] }] });
    this.#lead = lead;
    this.#length = length;
  }

  override async listPage(directory: string, cursor: string | undefined, signal: AbortSignal): Promise<Page> {
    if (directory !== "ring") return await super.listPage(directory, cursor, signal);
    const number = Number(cursor ?? 1);
    const next = number === this.#lead + this.#length ? this.#lead + 1 : number + 1;
    return { files: files(`f${number}`), directories: [], next: String(next) };
  }
}

describe("a walk", () => {
  test("lists every page of every directory once, whatever the shape of the tree", async () => {
    const bucket = new ListedBucket({
      "": [{ files: files("1"), directories: ["a"] }, { directories: ["b"] }, {}],
      a: [{ files: files("2") }, { files: files("3"), directories: ["c"] }],
      "a/c": [{}],
      b: [{ files: files("4", "5") }],
    });
    const { broker } = await setUp(bucket);
    await walkAll(broker, at());
    assert.deepEqual(bucket.asked.toSorted(), ["@", "@2", "@3", "a/c@", "a@", "a@2", "b@"]);
    const records = broker.publishedOf("page");
    assert.deepEqual(records.map(({ directory, page, end }) => `${directory}#${page} ${end}`).toSorted(), [
      "#1 more",
      "#2 more",
      "#3 last",
      "a#1 more",
      "a#2 last",
      "a/c#1 last",
      "b#1 last",
    ]);
    const names = broker.publishedOf("files").flatMap(({ slices }) => slices.flatMap((one) => one.files));
    assert.deepEqual(names.map(({ name }) => name).toSorted(), ["1", "2", "3", "4", "5"]);
  });

  for (const [lead, length] of [
    [0, 1],
    [0, 2],
    [0, 3],
    [2, 3],
    [5, 7],
    [1, 40],
  ] as const) {
    test(`that runs into a circle of ${length} after ${lead} pages ends as a failed directory, not as an endless walk`, async () => {
      const { broker, givenUp } = await setUp(new CircularBucket(lead, length), {
        options: { maxAttempts: 3 },
      });
      await walkAll(broker, at());
      const ring = broker.publishedOf("page").filter(({ directory }) => directory === "ring");
      const end = ring.at(-1);
      assert.equal(end?.end, "failed");
      assert.match(end?.reason ?? "", /circle/);
      assert.ok(ring.length <= 3 * (lead + length) + 3, `${ring.length} pages`);
      assert.deepEqual(
        ring.map(({ page }) => page),
        ring.map((_, i) => i + 1),
        "one contiguous walk up to there",
      );
      assert.deepEqual(givenUp, []);
    });
  }

  test("starts anew, as another walk, when its cursor is not known any more", async () => {
    const bucket = new ListedBucket({ d: [{ files: files("a") }, { files: files("b") }] });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", at({ directory: "d", page: 2, cursor: "gone" }));
    assert.ok(verdict.kind === "retry");
    assert.deepEqual(verdict.remainder, [at({ directory: "d", walk: 1, page: 1 }, { attempt: 1 })]);
    await walkAll(broker, verdict.remainder[0] ?? at());
    assert.deepEqual(
      broker.publishedOf("page").map(({ walk, page, end }) => [walk, page, end]),
      [
        [1, 1, "more"],
        [1, 2, "last"],
      ],
    );
  });

  test("whose cursors are never known ends as a failed directory after a few new walks", async () => {
    const bucket = new ListedBucket({ d: [{}, { files: files("never seen") }] });
    const lost = new ListedBucket({ d: [{ next: "x" }] });
    bucket.listPage = lost.listPage.bind(lost);
    const { broker } = await setUp(bucket, { options: { maxAttempts: 3 } });
    await walkAll(broker, at({ directory: "d" }));
    const records = broker.publishedOf("page");
    assert.equal(records.at(-1)?.end, "failed");
    assert.ok(records.length < 10);
  });
});

describe("a redelivered position", () => {
  const recorded: RecordedPage = {
    id: "p",
    end: "more",
    next: { directory: "d", walk: 0, page: 2, cursor: "2", landmark: "2" },
  };

  test("that is recorded only sends its next page again, without listing", async () => {
    const bucket = new ListedBucket({ d: [{ files: files("a"), directories: ["x"] }, {}] });
    const asked: unknown[] = [];
    const { broker } = await setUp(bucket, {
      history: {
        recorded: async ({ job: id, directory, walk, page }) => {
          asked.push([id, directory, walk, page]);
          return recorded;
        },
      },
    });
    const verdict = await broker.deliver("directories", at({ directory: "d" }), { isRepeated: true });
    assert.deepEqual(asked, [[job.id, "d", 0, 1]]);
    assert.deepEqual([bucket.asked, verdict], [[], { kind: "ack" }]);
    assert.deepEqual(broker.published, [at(recorded.next)]);
  });

  test("that is recorded as the last sends nothing", async () => {
    const bucket = new ListedBucket({});
    const { broker } = await setUp(bucket, { history: { recorded: async () => ({ id: "p", end: "last" }) } });
    const verdict = await broker.deliver("directories", at({ directory: "d" }), { isRepeated: true });
    assert.deepEqual([verdict, broker.published, bucket.asked], [{ kind: "ack" }, [], []]);
  });

  test("that is not recorded, or only as failed, is listed", async () => {
    for (const answer of [undefined, { id: "p", end: "failed" } as const]) {
      const bucket = new ListedBucket({ d: [{ files: files("a") }] });
      const { broker } = await setUp(bucket, { history: { recorded: async () => answer } });
      await broker.deliver("directories", at({ directory: "d" }), { isRepeated: true });
      assert.deepEqual(bucket.asked, ["d@"]);
      assert.equal(broker.publishedOf("page").length, 1);
    }
  });

  test("is identified by its position, so that what is not recorded of a shared message is listed", async () => {
    const bucket = new ListedBucket({ a: [{}], b: [{}] });
    const { broker } = await setUp(bucket, {
      history: {
        recorded: async ({ directory }) => (directory === "a" ? { id: "p", end: "last" } : undefined),
      },
    });
    const message = { ...at(), positions: ["a", "b"].map((directory) => ({ directory, walk: 0, page: 1 })) };
    await broker.deliver("directories", message, { isRepeated: true });
    assert.deepEqual(bucket.asked, ["b@"]);
  });

  test("is the only one that the ledger is asked about", async () => {
    const { broker } = await setUp(new ListedBucket({ "": [{}] }), {
      history: { recorded: async () => assert.fail("asked about a first delivery") },
    });
    await broker.deliver("directories", at());
  });
});

describe("a message that is not for this lister", () => {
  test("is given back when its job's source was configured differently, and the lister ends with an error", async () => {
    const bucket = new ListedBucket({ "": [{}] });
    const { broker, givenUp } = await setUp(bucket);
    const verdict = await broker.deliver("directories", { ...at(), job: { ...job, fingerprint: "f2" } });
    assert.deepEqual(verdict, { kind: "release" });
    assert.match(givenUp[0]?.message ?? "", /another bucket, domain or version/);
    assert.deepEqual(bucket.asked, []);
  });

  test("is rejected when it is of another type", async () => {
    const { broker } = await setUp(new ListedBucket({}));
    const files = { page: "p", directory: "", files: [{ index: 0, name: "a", size: 1, modified: 1 }] };
    const verdict = await broker.deliver("directories", {
      v: 1,
      type: "files",
      job,
      slices: [files],
      attempt: 0,
    });
    assert.equal(verdict.kind, "reject");
  });
});
