import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bodiesOf, decodeMessage, type PagePartMessage } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { randomOf, shuffled } from "../../../../test/random.ts";
import { openCatalogue } from "../../src/index.ts";
import { page } from "../messages.ts";
import { all, folder, job, newCatalogue, openJob } from "../set-up.ts";

const children = Array.from({ length: 12_000 }, (_, i) => `d/${String(i).padStart(100, "0")}`);

function partsOf(directories = children): PagePartMessage[] {
  return bodiesOf(page({ directory: "d", directories })).map(
    (body) => decodeMessage(body) as PagePartMessage,
  );
}

const root = page({ directory: "", directories: ["d"] });
const childPages = children.map((directory) => page({ directory }));

describe("a page whose record came in parts", () => {
  test("counts when all parts have come, in any order and any number of times, as one that came whole", async () => {
    await using whole = await newCatalogue();
    await whole.catalogue.recording.record([
      root,
      page({ directory: "d", directories: children }),
      ...childPages,
    ]);
    const { complete, directories, pages } = await whole.catalogue.questions.proof(job.id);
    for (const seed of [1, 2, 3]) {
      await using made = await newCatalogue();
      const parts = partsOf();
      assert.ok(parts.length > 2);
      const mixed = shuffled([...parts, ...parts, root, ...childPages], randomOf(seed));
      for (let i = 0; i < mixed.length; i += 500)
        await made.catalogue.recording.record(mixed.slice(i, i + 500));
      const proof = await made.catalogue.questions.proof(job.id);
      assert.equal(proof.complete, true);
      assert.deepEqual(
        [proof.complete, proof.directories, proof.pages, proof.unnamed.total],
        [complete, directories, pages, 0],
      );
    }
  });

  test("is a named hole while a part of it is missing, over a restart too, and is asked for again", async () => {
    await using own = await folder();
    const path = join(own.path, "catalogue.db");
    const [last, ...others] = partsOf().reverse();
    const position = { job: job.id, directory: "d", walk: 0, page: 1 };
    {
      await using catalogue = await openCatalogue({ path, log: silentLog });
      await openJob(catalogue);
      await catalogue.recording.record([root, ...others]);
      await catalogue.recording.record(others);
    }
    await using catalogue = await openCatalogue({ path, log: silentLog });
    assert.equal(await catalogue.history.recorded(position), undefined);
    const { complete, holes } = await catalogue.questions.proof(job.id);
    assert.equal(complete, false);
    assert.deepEqual(holes.directories.examples, [{ directory: "d", missing: [{ from: 1, to: 1 }] }]);
    assert.equal((await catalogue.jobs.progress(job.id)).settled, false);
    await catalogue.recording.record(last === undefined ? [] : [last]);
    assert.equal((await catalogue.history.recorded(position))?.end, "last");
    assert.equal((await catalogue.jobs.progress(job.id)).directories.known, children.length + 2);
    await catalogue.recording.record(childPages);
    assert.equal((await catalogue.questions.proof(job.id)).complete, true);
    assert.equal((await all(catalogue.questions.directories(job.id))).length, children.length + 2);
  });

  test("is never put together from parts of two listings of it", async () => {
    await using made = await newCatalogue();
    const [first] = partsOf();
    const [, ...others] = partsOf(children.slice(0, -1)).map((part) => ({
      ...part,
      record: { ...part.record, id: "another" },
    }));
    assert.ok(first !== undefined);
    await made.catalogue.recording.record([root, first, ...others]);
    assert.equal(
      await made.catalogue.history.recorded({ job: job.id, directory: "d", walk: 0, page: 1 }),
      undefined,
    );
    const [refusal] = await made.catalogue.recording.record([{ ...first, number: 9_999 }]);
    assert.match(refusal ?? "", /has no part 9999/);
  });
});
