import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { describe, test } from "node:test";
import { ConfigError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { type Catalogue, type NewJob, openCatalogue, type RecordMessage } from "../../src/index.ts";
import { allStored, entries, object, page, pageId, result, unchanged } from "../messages.ts";
import { all, folder, job, newCatalogue } from "../set-up.ts";

const listed = entries(5);
const children = Array.from({ length: 200 }, (_, i) => `d${i}`);

function of(id: string, messages: readonly RecordMessage[]): RecordMessage[] {
  return messages.map((message) => ({ ...message, job: { ...job, id } }));
}

/** A whole walk of 200 directories; what is not `stored` is called unchanged by its page. */
function walked(id: string, stored: boolean): RecordMessage[] {
  const own = (directory: string) => `${id} ${pageId(directory)}`;
  return of(id, [
    page({ directory: "", directories: children, id: own("") }),
    ...children.flatMap((directory) =>
      stored
        ? [
            page({ directory, entries: listed, id: own(directory) }),
            allStored(directory, listed, own(directory)),
          ]
        : [
            page({
              directory,
              entries: listed,
              id: own(directory),
              ...unchanged(listed, [0, 1, 2, 3, 4]),
            }),
          ],
    ),
  ]);
}

async function open(catalogue: Catalogue, id: string, more: Partial<NewJob> = {}): Promise<void> {
  await catalogue.jobs.open({ ...job, id, prefix: "", filters: {}, startedAt: 1, ...more });
}

/** Returns how often it took. */
async function pruneAll(catalogue: Catalogue): Promise<number> {
  let times = 0;
  while (await catalogue.prune()) times++;
  return times;
}

/** job-1 has stored everything and is closed; job-2, in the same way or another, is open. */
async function two(more: Partial<NewJob> = {}, closed: "complete" | "cancelled" = "complete") {
  const made = await newCatalogue();
  await made.catalogue.recording.record(walked("job-1", true));
  await made.catalogue.jobs.close("job-1", closed);
  await open(made.catalogue, "job-2", more);
  await made.catalogue.recording.record(walked("job-2", false));
  return made;
}

const isKept = async (catalogue: Catalogue, id: string) =>
  await catalogue.questions.proof(id).then(
    () => true,
    () => false,
  );

describe("pruning", () => {
  test("keeps the catalogue from growing with every unchanged run", async () => {
    await using own = await folder();
    const path = `${own.path}/catalogue.db`;
    const sizes: number[] = [];
    for (let run = 1; run <= 5; run++) {
      const catalogue = await openCatalogue({ path, log: silentLog });
      await open(catalogue, `run-${run}`);
      await catalogue.recording.record(walked(`run-${run}`, run === 1));
      await catalogue.jobs.closeByProof(`run-${run}`);
      await pruneAll(catalogue);
      await catalogue[Symbol.asyncDispose]();
      sizes.push((await stat(path)).size);
    }
    assert.ok((sizes[4] ?? 0) <= (sizes[1] ?? 0), sizes.join(" "));
  });

  test("leaves the totals and every stored object; questions about the rest name the newer job", async () => {
    await using made = await two();
    const { catalogue } = made;
    const before = await catalogue.jobs.progress("job-1");
    assert.equal(await pruneAll(catalogue), 0, "while the newer job is open");
    assert.equal((await catalogue.jobs.closeByProof("job-2"))?.complete, true);
    assert.ok((await pruneAll(catalogue)) > 0);
    assert.deepEqual(await catalogue.jobs.progress("job-1"), before);
    const files = listed.map(({ name, size }) => ({ name, size, modified: 1_000 + size }));
    assert.deepEqual(await catalogue.history.unchanged(job, "d7", files), [true, true, true, true, true]);
    assert.equal((await catalogue.questions.proof("job-2")).unchanged.objects, 1_000);
    for (const question of [
      () => catalogue.questions.proof("job-1"),
      () => all(catalogue.questions.failures("job-1")),
      () => all(catalogue.questions.vanished("job-1")),
      () => catalogue.questions.failureCounts("job-1", "class"),
      () => all(catalogue.questions.directories("job-1")),
      () => catalogue.retrying.reopenFailed("job-1", {}),
      () => catalogue.retrying.reopenHoles("job-1", {}, "idle"),
    ]) {
      await assert.rejects(question, (error) => error instanceof ConfigError && /job-2/.test(error.message));
    }
  });

  test("answers no question about a job of which a part is dropped", async () => {
    await using made = await newCatalogue();
    const { catalogue } = made;
    const many = entries(6_000);
    await catalogue.recording.record([
      page({ directory: "", entries: many }),
      result({
        directory: "",
        volume: undefined,
        objects: many.map((entry, i) => object(i, entry, "vanished")),
      }),
    ]);
    await catalogue.jobs.closeByProof(job.id);
    await open(catalogue, "job-2");
    await catalogue.recording.record(of("job-2", [page({ directory: "", id: "p2" })]));
    await catalogue.jobs.closeByProof("job-2");
    assert.equal(await catalogue.prune(), true);
    await assert.rejects(all(catalogue.questions.vanished(job.id)), ConfigError);
    assert.equal(await pruneAll(catalogue), 1);
  });

  test("spares jobs of another prefix, other filters or another fingerprint", async () => {
    for (const more of [{ prefix: "d1" }, { filters: { minSize: 1 } }, { fingerprint: "f2" }]) {
      await using made = await two(more);
      await made.catalogue.jobs.close("job-2", "complete");
      assert.equal(await pruneAll(made.catalogue), 0);
      assert.equal(await isKept(made.catalogue, "job-1"), true);
    }
  });

  test("is due to a complete job only, and removes cancelled ones too", async () => {
    await using made = await two({}, "cancelled");
    const { catalogue } = made;
    await catalogue.jobs.close("job-2", "incomplete");
    assert.equal(await pruneAll(catalogue), 0);
    await open(catalogue, "job-3");
    await catalogue.recording.record(walked("job-3", false));
    await catalogue.jobs.closeByProof("job-3");
    await pruneAll(catalogue);
    assert.deepEqual(
      [await isKept(catalogue, "job-1"), await isKept(catalogue, "job-2"), await isKept(catalogue, "job-3")],
      [false, false, true],
    );
  });

  test("does not keep late results from being stored, and they leave nothing else behind", async () => {
    await using made = await two();
    const { catalogue } = made;
    await catalogue.jobs.closeByProof("job-2");
    await catalogue.prune();
    const before = await catalogue.jobs.progress("job-1");
    const late = { name: "late", size: 9 };
    const refusals = await catalogue.recording.record([
      result({ directory: "new", id: "p9", objects: [object(0, late, "stored")] }),
      result({ directory: "d0", volume: undefined, objects: [object(0, late, "failed")] }),
      page({ directory: "new", id: "p9", entries: [late], directories: ["new/er"] }),
      page({ directory: "other", id: "p8", end: "failed", reason: "503" }),
    ]);
    assert.deepEqual(refusals, [undefined, undefined, undefined, undefined]);
    const [place] = await catalogue.history.stored(job, "new", [{ name: "late", size: 9, modified: 1_009 }]);
    assert.equal(place?.path, "new/late");
    assert.deepEqual(await catalogue.jobs.progress("job-1"), before);
    await pruneAll(catalogue);
    assert.equal(await catalogue.prune(), false);
  });
});
