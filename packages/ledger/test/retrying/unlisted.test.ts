import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allStored, entries, object, page, pageId, result } from "../messages.ts";
import { job } from "../set-up.ts";
import { positionsIn } from "./published.ts";
import { prepared } from "./retrying.ts";

/*
 * A page with an entry that may be a directory, and that nobody can list: a hole, until another
 * walk has no such entry.
 */

const listed = entries(3);
const unlisted = 'what lies below "x y" is not listed: row 3 has 2 columns, not 4';
const root = page({ directory: "", directories: ["a"] });
const failed = { ...object(2, { name: "x y", size: 0 }, "failed"), modified: undefined };

function walkOf(walk: number) {
  const [first, second] = [1, 2].map((number) => pageId("a", walk, number));
  return [
    page({
      directory: "a",
      walk,
      entries: listed,
      unlisted,
      end: "more",
      next: { directory: "a", walk, page: 2, cursor: "c2" },
    }),
    result({ directory: "a", id: first ?? "", volume: undefined, objects: [failed] }),
    allStored("a", listed.slice(0, 2), first),
    page({ directory: "a", walk, page: 2, entries: listed }),
    allStored("a", listed, second),
  ];
}

describe("an entry that may be a directory, and cannot be listed", () => {
  test("is a hole of its directory, which the proof and the list of failed directories name", async () => {
    await using made = await prepared([root, ...walkOf(0)]);
    const { catalogue } = made;
    const proof = await catalogue.questions.proof(job.id);
    const hole = { directory: "a", walk: 0, page: 1, besides: true, reason: unlisted };
    assert.equal(proof.complete, false);
    assert.deepEqual(proof.holes.failedDirectories, { total: 1, examples: [hole] });
    assert.equal(proof.holes.directories.total, 0);
    const { directories, settled } = await catalogue.jobs.progress(job.id);
    assert.deepEqual([directories, settled], [{ known: 2, done: 1, failed: 1 }, true]);
  });

  test("may be reported in any order, and counts once when it is reported twice", async () => {
    const messages = [root, ...walkOf(0)];
    await using made = await prepared([...messages.toReversed(), ...messages]);
    const { directories } = await made.catalogue.jobs.progress(job.id);
    assert.deepEqual(directories, { known: 2, done: 1, failed: 1 });
    assert.equal((await made.catalogue.questions.proof(job.id)).holes.failedDirectories.total, 1);
  });

  test("has its directory listed anew by a retry, and is no hole when that has no such entry", async () => {
    await using made = await prepared([root, ...walkOf(0)]);
    const { catalogue, broker } = made;
    await made.retry();
    assert.deepEqual(positionsIn(broker), [{ directory: "a", walk: 1, page: 1 }]);
    assert.equal(await made.state(), "open");
    assert.equal((await catalogue.jobs.progress(job.id)).settled, false, "it waits for the new walk");
    assert.equal((await catalogue.questions.proof(job.id)).complete, false);
    await catalogue.recording.record([
      page({ directory: "a", walk: 1, entries: listed }),
      allStored("a", listed, pageId("a", 1)),
    ]);
    const proof = await catalogue.questions.proof(job.id);
    assert.deepEqual([proof.complete, proof.failed.objects], [true, 0]);
    assert.equal((await catalogue.jobs.progress(job.id)).settled, true);
  });

  test("is a hole again when the new walk has it, too, as often as it is tried", async () => {
    await using made = await prepared([root, ...walkOf(0)]);
    const { catalogue, broker } = made;
    for (const walk of [1, 2]) {
      await made.retry();
      assert.deepEqual(positionsIn(broker).at(-1), { directory: "a", walk, page: 1 });
      await catalogue.recording.record(walkOf(walk));
      const { complete, holes } = await catalogue.questions.proof(job.id);
      assert.deepEqual([complete, holes.failedDirectories.examples[0]?.walk], [false, walk]);
      assert.equal((await catalogue.jobs.progress(job.id)).settled, true);
      await catalogue.jobs.close(job.id, "incomplete");
    }
  });
});
