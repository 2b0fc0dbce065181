import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodeMessage, MessageError, mostBytes, mostSum } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { openCatalogue, type RecordMessage } from "../../src/index.ts";
import { DatabaseSync } from "../../src/sqlite.ts";
import { createStatus } from "../../src/status/status.ts";
import { statusSchema } from "../../src/wire/status.ts";
import { allStored, type Entry, object, page, result, unchanged } from "../messages.ts";
import { all, folder, job, newCatalogue, openJob } from "../set-up.ts";

const huge = (n: number, prefix = "f"): Entry[] =>
  Array.from({ length: n }, (_, i) => ({ name: `${prefix}${i}`, size: mostBytes }));

/** As it travels. */
function sent(message: RecordMessage): RecordMessage {
  return decodeMessage(JSON.stringify(message)) as RecordMessage;
}

describe("sums of bytes", () => {
  test("stop at 2^53 - 1 in whatever order records come, and the job still settles and is proved", async () => {
    for (const isReversed of [false, true]) {
      await using made = await newCatalogue();
      const { catalogue } = made;
      const entries = huge(20);
      const named = page({ directory: "", entries, bytes: mostSum, directories: ["a"] });
      const child = page({ directory: "a", entries, ...unchanged(entries, [0, 1]), bytes: mostSum });
      const failed = entries.map((entry, i) => object(i, entry, "failed"));
      const records = [
        named,
        child,
        allStored("", entries),
        result({ directory: "a", objects: failed.slice(2) }),
      ];
      const refusals = await catalogue.recording.record((isReversed ? records.reverse() : records).map(sent));
      assert.deepEqual(refusals, [undefined, undefined, undefined, undefined]);
      const progress = await catalogue.jobs.progress(job.id);
      assert.equal(progress.settled, true);
      assert.deepEqual(progress.listed, { objects: 40, bytes: mostSum });
      assert.deepEqual(progress.stored, { objects: 20, bytes: mostSum });
      assert.equal(progress.failed.bytes, mostSum);
      const [volume] = await catalogue.questions.volumes();
      assert.equal(volume?.bytes, mostSum);
      assert.deepEqual((await catalogue.questions.proof(job.id)).listed, { objects: 40, bytes: mostSum });
      assert.equal((await catalogue.questions.failureCounts(job.id, "class"))[0]?.bytes, mostSum);
    }
  });

  test("stay readable when walks of a directory are compared, and when the catalogue is opened again", async () => {
    await using own = await folder();
    const path = join(own.path, "catalogue.db");
    {
      await using catalogue = await openCatalogue({ path, log: silentLog });
      await openJob(catalogue);
      const pages = [0, 1].flatMap((walk) =>
        [1, 2, 3].map((number) =>
          page({
            directory: "",
            walk,
            page: number,
            entries: huge(4, `w${walk}p${number}`),
            bytes: mostSum,
            end: number === 3 ? "last" : "more",
          }),
        ),
      );
      assert.equal(
        (await catalogue.recording.record(pages.map(sent))).every((refusal) => refusal === undefined),
        true,
      );
      for (const { id } of pages) await catalogue.recording.record([allStored("", huge(4), id)]);
    }
    await using catalogue = await openCatalogue({ path, log: silentLog });
    assert.deepEqual((await catalogue.jobs.progress(job.id)).listed, { objects: 12, bytes: mostSum });
    await catalogue.recording.forget(job, "vol-a", ["f0", "f1", "f2", "f3"]);
    const [volume] = await catalogue.questions.volumes();
    assert.ok((volume?.bytes ?? -1) >= 0);
  });

  test("are never shown as negative, whatever sizes messages have for one object", async () => {
    await using made = await newCatalogue();
    const entries = huge(1);
    await made.catalogue.recording.record([
      page({ directory: "", entries, bytes: 5, ...unchanged(entries, [0]), unchangedBytes: 0 }),
      allStored("", entries),
    ]);
    assert.deepEqual((await made.catalogue.jobs.progress(job.id)).unchanged, { objects: 0, bytes: 0 });
  });
});

test("a message with an object of more than 2^50 bytes, or a path that leaves the volume, is refused", () => {
  const [entry = { name: "f0", size: 1 }] = huge(1);
  const bad = [
    object(0, { ...entry, size: mostBytes + 1 }, "stored"),
    object(0, entry, "stored", { size: mostSum }),
    ...["../../etc/passwd", "/etc/passwd", "a/../../b", "a\0b", "a//b", "."].map((path) =>
      object(0, entry, "stored", { path }),
    ),
  ];
  for (const one of bad)
    assert.throws(() => sent(result({ directory: "", objects: [one] })), MessageError, JSON.stringify(one));
  sent(result({ directory: "", objects: [object(0, entry, "stored", { path: "a..b/.c/%~2e~" })] }));
});

/** A catalogue of the version before, whose sums have overflown. */
async function overflown(path: string, change: string): Promise<void> {
  await using catalogue = await openCatalogue({ path, log: silentLog });
  await openJob(catalogue);
  await catalogue.recording.record([page({ directory: "", entries: huge(2) }), allStored("", huge(2))]);
  await catalogue.jobs.open({ ...job, id: "job-2", source: "films", prefix: "", filters: {}, startedAt: 2 });
  await catalogue[Symbol.asyncDispose]();
  const db = new DatabaseSync(path);
  db.exec(change);
  db.close();
}

describe("a job whose account cannot be read", () => {
  const damages = {
    "sums that overflowed": "update totals set listed_bytes = 18014398509481982 where job = 1",
    "sums by volume that overflowed": "update volume_totals set bytes = 18014398509481982 where job = 1",
    "filters that are none": "update jobs set filters = 'x' where n = 1",
  };
  for (const [what, change] of Object.entries(damages)) {
    test(`is set apart and named, and others go on: ${what}`, async () => {
      await using own = await folder();
      const path = join(own.path, "catalogue.db");
      await overflown(path, change);
      await using catalogue = await openCatalogue({ path, log: silentLog });
      const [first, second] = await catalogue.jobs.all();
      assert.match(first?.unreadable ?? "", /^its (sums|filters): /);
      assert.equal(second?.unreadable, undefined);
      using status = await createStatus({ catalogue, log: silentLog });
      const shown = statusSchema.parse(JSON.parse(JSON.stringify(status.current())));
      const of = (source: string) => shown.sources.find((one) => one.source === source);
      assert.deepEqual(of("photos")?.unreadable?.job, job.id);
      assert.equal(of("films")?.job?.state, "open");
      const films = { ...job, id: "job-2", source: "films" };
      const refusals = await catalogue.recording.record([
        { ...page({ directory: "", entries: huge(1) }), job: films },
        { ...allStored("", huge(1)), job: films },
      ]);
      assert.deepEqual(refusals, [undefined, undefined]);
      assert.equal((await catalogue.jobs.progress("job-2")).stored.objects, 1);
      await catalogue.jobs.close(job.id, "cancelled");
      await openJob(catalogue, "job-3");
      assert.equal((await catalogue.jobs.openOf("photos"))?.id, "job-3");
    });
  }

  test("does not keep what lies on its volumes from being counted: a sum of the version before stops at 2^53 - 1", async () => {
    await using own = await folder();
    const path = join(own.path, "catalogue.db");
    await overflown(path, "update holdings set bytes = 18014398509481982");
    await using catalogue = await openCatalogue({ path, log: silentLog });
    assert.equal((await catalogue.questions.volumes())[0]?.bytes, mostSum);
    await catalogue.recording.record([
      result({ directory: "b", objects: [object(0, { name: "g", size: 9 }, "stored")] }),
    ]);
    assert.equal((await catalogue.questions.volumes())[0]?.bytes, mostSum);
    assert.equal((await all(catalogue.questions.where({ prefix: "" }))).length, 3);
  });
});
