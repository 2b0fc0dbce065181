import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { RecordingBroker } from "../../../../test/recording-broker.ts";
import {
  type FailureFilter,
  goOnWithJob,
  openCatalogue,
  type RecordMessage,
  retryJob,
} from "../../src/index.ts";
import { DatabaseSync } from "../../src/sqlite.ts";
import { allStored, entries, object, page, pageId, result } from "../messages.ts";
import { job } from "../set-up.ts";
import { positionsIn } from "./published.ts";
import { prepared, standing } from "./retrying.ts";

const listed = entries(5);

function failedAll(directory: string): RecordMessage {
  const objects = listed.map((entry, i) => object(i, entry, "failed"));
  return result({ directory, volume: undefined, objects });
}

describe("an idle job's retry", () => {
  const three = [1, 2, 3].map((number) =>
    page({
      directory: "a",
      page: number,
      entries: listed,
      ...(number === 3
        ? {}
        : { end: "more", next: { directory: "a", walk: 0, page: number + 1, cursor: `c${number + 1}` } }),
    }),
  );
  const stored = [1, 2, 3].map((number) => allStored("a", listed, pageId("a", 0, number)));
  const [p1, p2, p3] = three;
  const [s1, s2, s3] = stored;
  assert.ok(p1 && p2 && p3 && s1 && s2 && s3);
  const root = page({ directory: "", directories: ["a"] });

  for (const [lost, messages, position] of [
    ["a directory that was never listed", [root], { directory: "a", walk: 0, page: 1 }],
    ["the root", [], { directory: "", walk: 0, page: 1 }],
    ["the last page", [root, p1, s1, p2, s2], { directory: "a", walk: 0, page: 3, cursor: "c3" }],
    ["a page in the middle", [root, p1, s1, p3, s3], { directory: "a", walk: 1, page: 1 }],
    ["the first page", [root, p2, s2, p3, s3], { directory: "a", walk: 1, page: 1 }],
    [
      "a page of the second walk",
      [root, p1, s1, page({ directory: "a", walk: 1, page: 2, entries: listed, end: "more" })],
      { directory: "a", walk: 2, page: 1 },
    ],
    ["results", [root, p1, s1, p2, p3, s3], { directory: "a", walk: 1, page: 1 }],
    [
      "the page before a failed one",
      [root, p1, s1, { ...p3, end: "failed" }],
      { directory: "a", walk: 1, page: 1 },
    ],
  ] as const) {
    test(`lists what was lost: ${lost}`, async () => {
      await using made = await prepared(messages as readonly RecordMessage[], { closed: false });
      const { catalogue, broker } = made;
      await catalogue.jobs.close(job.id, "incomplete");
      assert.deepEqual(await made.retry(), { objects: 0, directories: 1 });
      assert.deepEqual(positionsIn(broker), [position]);
      assert.equal(await made.state(), "open");
      const walked = [1, 2, 3].flatMap((number) => [
        page({
          directory: "a",
          walk: position.walk,
          page: number,
          entries: listed,
          end: number === 3 ? "last" : "more",
        }),
        allStored("a", listed, pageId("a", position.walk, number)),
      ]);
      await catalogue.recording.record([root, ...walked]);
      assert.equal((await catalogue.jobs.closeByProof(job.id))?.complete, true);
      assert.deepEqual((await standing(catalogue)).proof.stored.objects, 15);
    });
  }

  test("lists nothing of what may still be under way when the job is not idle", async () => {
    for (const messages of [[], [root], [root, p1], [root, p1, s1, p3, s3]]) {
      await using made = await prepared(messages, { closed: false });
      assert.deepEqual(await made.retry({}, false), { objects: 0, directories: 0 });
      assert.deepEqual(made.broker.published, []);
    }
  });

  test("lists no more than the failed page while others may still be under way", async () => {
    const failed = page({ directory: "a", page: 2, id: "none", end: "failed" });
    await using made = await prepared([root, p1, failed]);
    assert.deepEqual(await made.retry({}, false), { objects: 0, directories: 1 });
    assert.deepEqual(positionsIn(made.broker), [{ directory: "a", walk: 0, page: 2, cursor: "c2" }]);
  });

  test("does not list a directory again for objects that it reopens one by one", async () => {
    await using made = await prepared([page({ directory: "", entries: listed }), failedAll("")]);
    await made.retry();
    assert.deepEqual(await made.retry(), { objects: 5, directories: 0 });
    assert.deepEqual(positionsIn(made.broker), []);
  });
});

describe("a job that goes on after its messages were lost", () => {
  const root = page({ directory: "", directories: ["done", "open", "cut", "unlisted", "failed"] });
  const next = { directory: "cut", walk: 0, page: 2, cursor: "c2" };
  const messages = [
    root,
    page({ directory: "done", entries: listed }),
    allStored("done", listed),
    page({ directory: "open", entries: listed }),
    allStored("open", listed.slice(1)),
    page({ directory: "cut", entries: listed, end: "more", next }),
    allStored("cut", listed),
    page({ directory: "failed", entries: listed }),
    failedAll("failed"),
    page({ directory: "broken", id: "none", end: "failed" }),
  ];

  async function goOn({ catalogue, broker }: Awaited<ReturnType<typeof prepared>>) {
    broker.published.length = 0;
    return await goOnWithJob({ catalogue, broker, batchFiles: 64, batchBytes: 2 ** 26 }, job.id);
  }

  test("lists again only what has no outcome, and leaves failures as they are", async () => {
    await using made = await prepared(messages, { closed: false });
    assert.deepEqual(await goOn(made), { objects: 0, directories: 3 });
    assert.deepEqual(positionsIn(made.broker), [
      { directory: "open", walk: 1, page: 1 },
      next,
      { directory: "unlisted", walk: 0, page: 1 },
    ]);
    assert.ok(made.broker.publishedOf("directory").every(({ again }) => again === true));
    const { progress } = await standing(made.catalogue);
    assert.deepEqual([progress.failed.objects, progress.directories.failed], [5, 1]);
  });

  test("asks again for objects that were put back to work and lost since then", async () => {
    await using made = await prepared(messages, { closed: false });
    await made.retry({ class: "damaged" }, false);
    assert.deepEqual(await goOn(made), { objects: 0, directories: 3 });
    await made.retry({}, false);
    assert.deepEqual(await goOn(made), { objects: 5, directories: 4 });
  });

  test("finds nothing when nothing is missing, and refuses a cancelled job", async () => {
    await using made = await prepared([page({ directory: "", entries: listed }), allStored("", listed)]);
    assert.deepEqual(await goOn(made), { objects: 0, directories: 0 });
    assert.equal(await made.state(), "complete");
    await made.catalogue.jobs.open({ ...job, id: "job-2", prefix: "", filters: {}, startedAt: 2 });
    await made.catalogue.jobs.close("job-2", "cancelled");
    const { catalogue, broker } = made;
    const parts = { catalogue, broker, batchFiles: 64, batchBytes: 2 ** 26 };
    await assert.rejects(goOnWithJob(parts, "job-2"), /cancelled: start a new one/);
    await assert.rejects(goOnWithJob(parts, "job-3"), /there is no job/);
  });
});

describe("a failure that an older program recorded", () => {
  /** As in a catalogue of version 1: too little is known of failures to ask for their objects. */
  async function upgraded() {
    const made = await prepared([
      page({ directory: "", directories: ["a", "b"] }),
      ...["a", "b"].flatMap((directory) => [page({ directory, entries: listed }), failedAll(directory)]),
    ]);
    await made.catalogue[Symbol.asyncDispose]();
    using db = new DatabaseSync(made.path);
    db.exec("update misses set class = null, modified = null, etag = null");
    db.close();
    const catalogue = await openCatalogue({ path: made.path, log: silentLog });
    const broker = new RecordingBroker();
    return {
      catalogue,
      broker,
      async retry(filter: FailureFilter, idle: boolean) {
        broker.published.length = 0;
        return await retryJob({ catalogue, broker, idle, batchFiles: 64, batchBytes: 1e9 }, job.id, filter);
      },
      async [Symbol.asyncDispose]() {
        await catalogue[Symbol.asyncDispose]();
        await made[Symbol.asyncDispose]();
      },
    };
  }

  test("has its directory listed again, once", async () => {
    await using made = await upgraded();
    const { catalogue, broker } = made;
    assert.deepEqual(await made.retry({ class: "unknown", under: "a/f1" }, false), {
      objects: 0,
      directories: 1,
    });
    assert.deepEqual(positionsIn(broker), [{ directory: "a", walk: 1, page: 1 }]);
    assert.equal((await standing(catalogue)).progress.failed.objects, 5);
    assert.deepEqual(await made.retry({}, false), { objects: 0, directories: 1 });
    assert.deepEqual(positionsIn(broker), [{ directory: "b", walk: 1, page: 1 }]);
    assert.deepEqual(await made.retry({}, false), { objects: 0, directories: 0 });
    await catalogue.recording.record(
      ["a", "b"].flatMap((directory) => [
        page({ directory, walk: 1, entries: listed }),
        allStored(directory, listed, pageId(directory, 1)),
      ]),
    );
    assert.equal((await catalogue.jobs.closeByProof(job.id))?.complete, true);
    assert.deepEqual((await standing(catalogue)).progress.stored.objects, 10);
  });

  test("has its directory listed again after a crash, when the job is idle", async () => {
    await using made = await upgraded();
    await made.catalogue.retrying.reopenFailed(job.id, {});
    assert.deepEqual(await made.retry({}, true), { objects: 0, directories: 2 });
    assert.deepEqual(
      positionsIn(made.broker).map(({ directory, walk }) => [directory, walk]),
      [
        ["a", 1],
        ["b", 1],
      ],
    );
  });
});
