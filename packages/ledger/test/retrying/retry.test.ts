import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError } from "@brigade/core";
import { JobOpenError, type RecordMessage, retryJob } from "../../src/index.ts";
import { allStored, entries, object, page, pageId, result } from "../messages.ts";
import { all, job, openJob } from "../set-up.ts";
import { keysIn, positionsIn, resultsOf, slicesIn } from "./published.ts";
import { prepared, standing } from "./retrying.ts";

const listed = entries(5);
const [f0, f1, f2] = listed.map((entry, i) => object(i, entry, "failed"));
assert.ok(f0 && f1 && f2);
const next = { directory: "b", walk: 0, page: 2, cursor: "c2", landmark: "c2" };
const brokenB = page({ directory: "b", page: 2, id: "none", end: "failed", reason: "503 five times" });

/**
 * Of a: three objects failed, of two classes; two are stored. b could not be listed beyond its
 * first page.
 */
const partial: readonly RecordMessage[] = [
  page({ directory: "", directories: ["a", "b"] }),
  page({ directory: "a", entries: listed }),
  result({
    directory: "a",
    volume: undefined,
    objects: [
      { ...f0, class: "damaged", etag: "e0" },
      { ...f1, class: "damaged" },
      { ...f2, class: "transport" },
    ],
  }),
  result({
    directory: "a",
    objects: [3, 4].map((i) => object(i, listed[i] ?? { name: "", size: 0 }, "stored")),
  }),
  page({ directory: "b", entries: listed, end: "more", next }),
  allStored("b", listed),
  brokenB,
];

describe("a retry", () => {
  test("of an object that was listed without a size accepts whatever size it has", async () => {
    const unsized = result({ directory: "a", volume: undefined, objects: [{ ...f0, listedSize: 0 }] });
    await using made = await prepared([...partial.slice(0, 2), unsized, ...partial.slice(3)]);
    await made.retry({});
    const files = slicesIn(made.broker);
    assert.deepEqual(files[0]?.files, [{ index: 0, name: "f0", modified: 1_100 }]);
  });

  test("of one class reopens its objects only, and the job is open until they are accounted for", async () => {
    await using made = await prepared(partial);
    const { catalogue, broker } = made;
    assert.equal(await made.state(), "incomplete");
    assert.deepEqual(await made.retry({ class: "damaged" }), { objects: 2, directories: 0 });
    assert.deepEqual(broker.published, [
      {
        v: 1,
        type: "files",
        job: { ...job, prefix: "" },
        attempt: 0,
        slices: [
          {
            page: pageId("a"),
            directory: "a",
            files: [
              { index: 0, name: "f0", size: 100, modified: 1_100, etag: "e0" },
              { index: 1, name: "f1", size: 101, modified: 1_101 },
            ],
          },
        ],
      },
    ]);
    assert.equal(await made.state(), "open");
    const { proof, progress } = await standing(catalogue);
    assert.deepEqual([progress.settled, progress.failed.objects], [false, 1]);
    assert.deepEqual(proof.holes.pages.examples[0]?.indexes, [0, 1]);
    assert.equal(await catalogue.jobs.closeByProof(job.id), undefined);

    await catalogue.recording.record(resultsOf(broker, "stored"));
    const after = await standing(catalogue);
    assert.deepEqual([after.progress.settled, after.proof.stored.objects], [true, 9]);
    const keys = (await all(catalogue.questions.failures(job.id))).map(({ key }) => key);
    assert.deepEqual(keys, ["a/f2"]);
    assert.equal((await catalogue.jobs.closeByProof(job.id))?.complete, false);
    assert.equal(await made.state(), "incomplete");
  });

  test("of all reopens failed objects and lists failed directories on; then the job is complete", async () => {
    await using made = await prepared(partial);
    const { catalogue, broker } = made;
    assert.deepEqual(await made.retry(), { objects: 3, directories: 1 });
    assert.deepEqual(positionsIn(broker), [next]);
    const { proof, progress } = await standing(catalogue);
    assert.deepEqual(progress.directories, { known: 3, done: 2, failed: 0 });
    assert.deepEqual(proof.holes.directories.examples, [
      { directory: "b", walk: 0, missing: [{ from: 2, to: 2 }] },
    ]);
    await catalogue.recording.record([
      ...resultsOf(broker, "stored"),
      page({ directory: "b", page: 2, entries: listed }),
      allStored("b", listed, pageId("b", 0, 2)),
    ]);
    assert.equal((await catalogue.jobs.closeByProof(job.id))?.complete, true);
    assert.deepEqual((await standing(catalogue)).proof.stored, { objects: 15, bytes: 3 * 510 });
    assert.deepEqual(await all(catalogue.questions.failures(job.id)), []);
    assert.deepEqual(await made.retry(), { objects: 0, directories: 0 });
    assert.deepEqual([broker.published, await made.state()], [[], "complete"]);
  });

  test("of the class listing lists failed directories only", async () => {
    await using made = await prepared(partial);
    assert.deepEqual(await made.retry({ class: "listing" }), { objects: 0, directories: 1 });
    assert.deepEqual(made.broker.published, [
      { v: 1, type: "directory", job: { ...job, prefix: "" }, filters: {}, positions: [next], attempt: 0 },
    ]);
  });

  test("under a prefix touches nothing else", async () => {
    await using made = await prepared(partial);
    assert.deepEqual(await made.retry({ under: "a/f1" }), { objects: 1, directories: 0 });
    assert.deepEqual(keysIn(made.broker), ["a/f1"]);
    assert.deepEqual(await made.retry({ under: "b" }), { objects: 0, directories: 1 });
  });

  test("with nothing to do leaves a closed job closed", async () => {
    await using made = await prepared(partial);
    assert.deepEqual(await made.retry({ class: "forbidden" }), { objects: 0, directories: 0 });
    assert.equal(await made.state(), "incomplete");
  });

  test("publishes the same objects again after a crash that came before they were published", async () => {
    await using made = await prepared(partial);
    const { catalogue, broker } = made;
    await catalogue.retrying.reopenFailed(job.id, { class: "damaged" });
    assert.deepEqual(await made.retry({ class: "damaged" }), { objects: 2, directories: 0 });
    assert.deepEqual(keysIn(broker), ["a/f0", "a/f1"]);
    await catalogue.recording.record(resultsOf(broker, "stored"));
    assert.deepEqual(await made.retry({ class: "damaged" }), { objects: 0, directories: 0 });
  });

  test("lists a directory again after a crash that came before it was published", async () => {
    await using made = await prepared(partial);
    await made.catalogue.retrying.reopenHoles(job.id, {}, "failed");
    assert.deepEqual(await made.retry({ class: "listing" }), { objects: 0, directories: 0 });
    assert.deepEqual(await made.retry({}, true), { objects: 3, directories: 1 });
    assert.deepEqual(positionsIn(made.broker), [next]);
  });

  test("is overtaken by a late result of the first round", async () => {
    await using made = await prepared(partial);
    const { catalogue, broker } = made;
    await made.retry({ class: "transport" });
    await catalogue.recording.record([
      result({ directory: "a", objects: [object(2, { name: "f2", size: 102 }, "stored")] }),
      ...resultsOf(broker, "failed", { reason: "still not" }),
    ]);
    const { proof, progress } = await standing(catalogue);
    assert.deepEqual(
      [progress.settled, proof.stored.objects, proof.failed],
      [true, 8, { objects: 2, bytes: 201 }],
    );
  });

  test("that fails again counts as failed once, with the new reason", async () => {
    await using made = await prepared(partial);
    const { catalogue, broker } = made;
    await made.retry({ class: "transport" });
    await catalogue.recording.record([
      ...resultsOf(broker, "failed", { reason: "still not", class: "unavailable" }),
      ...resultsOf(broker, "failed", { reason: "still not", class: "unavailable" }),
    ]);
    assert.deepEqual((await standing(catalogue)).progress.failed, { objects: 3, bytes: 303 });
    assert.deepEqual(await all(catalogue.questions.failures(job.id, { class: "unavailable" })), [
      { key: "a/f2", reason: "still not", class: "unavailable", at: 1_800_000_000_000 },
    ]);
    assert.deepEqual(await made.retry({ class: "unavailable" }), { objects: 1, directories: 0 });
  });

  test("packs objects of several pages into messages of limited size", async () => {
    const many = entries(700);
    const objects = many.map((entry, i) => object(i, entry, "failed"));
    await using made = await prepared([
      page({ directory: "", directories: ["a", "b"] }),
      ...["a", "b"].flatMap((directory) => [
        page({ directory, entries: many }),
        result({ directory, volume: undefined, objects }),
      ]),
    ]);
    assert.deepEqual(await made.retry({}, false, { batchFiles: 100, batchBytes: 60_000 }), {
      objects: 1_400,
      directories: 0,
    });
    assert.equal(new Set(keysIn(made.broker)).size, 1_400);
    const sizes = made.broker.published.map((message) =>
      message.type === "files"
        ? message.slices.flatMap(({ files }) => files.map(({ size = 0 }) => size))
        : [],
    );
    for (const size of sizes) {
      assert.ok(size.length > 0 && size.length <= 100);
      assert.ok(size.reduce((a, b) => a + b) <= 60_000);
    }
    assert.ok(made.broker.published.some((message) => message.type === "files" && message.slices.length > 1));
    await made.catalogue.recording.record(resultsOf(made.broker, "stored"));
    assert.equal((await made.catalogue.jobs.closeByProof(job.id))?.complete, true);
  });

  test("leaves alone what cannot be asked for by its name", async () => {
    const names = ["..", "x"].map((name) => ({ name, size: 1 }));
    await using made = await prepared([
      page({ directory: "", entries: names }),
      result({
        directory: "",
        volume: undefined,
        objects: names.map((entry, i) => object(i, entry, "failed")),
      }),
    ]);
    assert.deepEqual(await made.retry(), { objects: 1, directories: 0 });
    assert.equal((await standing(made.catalogue)).progress.failed.objects, 1);
  });

  test("lists the directory again where the recorded name is not the object's: its bytes were not UTF-8", async () => {
    const names = ["\ufffd.jpg", "\ufffd"].map((name) => ({ name, size: 1 }));
    await using made = await prepared([
      page({ directory: "", entries: names }),
      result({
        directory: "",
        volume: undefined,
        objects: names.map((entry, i) => object(i, entry, "failed", { class: i === 0 ? "name" : "damaged" })),
      }),
    ]);
    assert.deepEqual(await made.retry(), { objects: 1, directories: 1 });
    const asked = slicesIn(made.broker);
    assert.deepEqual(
      asked.flatMap(({ files }) => files.map(({ name }) => name)),
      ["\ufffd"],
    );
  });

  test("is refused for a job that is cancelled, unknown, or followed by an open one, and reopens nothing then", async () => {
    await using made = await prepared(partial, { closed: false });
    const { catalogue } = made;
    await catalogue.jobs.closeByProof(job.id);
    await openJob(catalogue, "job-2");
    const before = await standing(catalogue);
    await assert.rejects(made.retry(), JobOpenError);
    assert.deepEqual(await standing(catalogue), before);
    await assert.rejects(
      retryJob({ ...made, idle: true, batchFiles: 1, batchBytes: 1 }, "job-9"),
      ConfigError,
    );
    await catalogue.jobs.close("job-2", "cancelled");
    await catalogue.recording.record([
      { ...page({ directory: "", entries: listed, id: "p2" }), job: { ...job, id: "job-2" } },
      {
        ...result({ directory: "", id: "p2", volume: undefined, objects: [f0] }),
        job: { ...job, id: "job-2" },
      },
    ]);
    await assert.rejects(catalogue.retrying.reopenFailed("job-2", {}), /cancelled: start a new one/);
    assert.deepEqual([made.broker.published, await made.state()], [[], "incomplete"]);
  });

  test("notifies watchers that the job is not settled any more", async () => {
    await using made = await prepared(partial);
    const seen: boolean[] = [];
    made.catalogue.jobs.onCommit((all) => seen.push(...all.map(({ settled }) => settled)));
    await made.retry();
    assert.equal(seen.at(-1), false);
  });
});
