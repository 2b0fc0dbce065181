import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Catalogue } from "../../src/index.ts";
import { entries, object, page, pageId, result } from "../messages.ts";
import { all, job, newCatalogue } from "../set-up.ts";

/**
 * Directories a, ab and b with five objects each: f0 to f2 failed, of two classes and of none, f3
 * vanished, f4 is stored.
 */
async function threeDirectories(catalogue: Catalogue): Promise<void> {
  const listed = entries(5);
  const [f0, f1, f2, f3, f4] = listed.map((entry, i) =>
    object(i, entry, i < 3 ? "failed" : i === 3 ? "vanished" : "stored"),
  );
  assert.ok(f0 && f1 && f2 && f3 && f4);
  const objects = [{ ...f0, class: "transport" }, { ...f1, class: "damaged" }, f2, f3];
  await catalogue.recording.record([
    page({ directory: "", directories: ["a", "ab", "b"] }),
    ...["a", "ab", "b"].flatMap((directory) => [
      page({ directory, entries: listed }),
      result({ directory, volume: undefined, objects, at: 7 }),
      result({ directory, objects: [f4] }),
    ]),
  ]);
}

describe("failures", () => {
  test("are reported with their class, or as unknown if none was given", async () => {
    await using made = await newCatalogue();
    await threeDirectories(made.catalogue);
    assert.deepEqual((await all(made.catalogue.questions.failures(job.id))).slice(0, 3), [
      { key: "a/f0", reason: "no f0", class: "transport", at: 7 },
      { key: "a/f1", reason: "no f1", class: "damaged", at: 7 },
      { key: "a/f2", reason: "no f2", class: "unknown", at: 7 },
    ]);
    assert.deepEqual((await all(made.catalogue.questions.vanished(job.id))).slice(0, 1), [
      { key: "a/f3", reason: "", at: 7 },
    ]);
  });

  test("are chosen by class and by how their keys begin", async () => {
    await using made = await newCatalogue();
    await threeDirectories(made.catalogue);
    const keys = async (filter: { class?: string; under?: string }) =>
      (await all(made.catalogue.questions.failures(job.id, filter))).map(({ key }) => key);
    assert.deepEqual(await keys({ class: "damaged" }), ["a/f1", "ab/f1", "b/f1"]);
    assert.deepEqual(await keys({ class: "unknown", under: "a" }), ["a/f2", "ab/f2"]);
    assert.deepEqual(await keys({ under: "a/" }), ["a/f0", "a/f1", "a/f2"]);
    assert.deepEqual(await keys({ under: "b/f1" }), ["b/f1"]);
    assert.deepEqual(await keys({ class: "forbidden" }), []);
    assert.equal((await keys({})).length, 9);
  });

  test("are counted by class and by directory, most first", async () => {
    await using made = await newCatalogue();
    const { catalogue } = made;
    await threeDirectories(catalogue);
    await catalogue.recording.record([
      result({ directory: "a", objects: [object(0, { name: "f0", size: 100 }, "stored")] }),
    ]);
    assert.deepEqual(await catalogue.questions.failureCounts(job.id, "class"), [
      { name: "damaged", objects: 3, bytes: 303 },
      { name: "unknown", objects: 3, bytes: 306 },
      { name: "transport", objects: 2, bytes: 200 },
    ]);
    assert.deepEqual(await catalogue.questions.failureCounts(job.id, "directory"), [
      { name: "ab", objects: 3, bytes: 303 },
      { name: "b", objects: 3, bytes: 303 },
      { name: "a", objects: 2, bytes: 203 },
    ]);
    assert.deepEqual(
      await catalogue.questions.failureCounts(job.id, "directory", { class: "transport", under: "a" }),
      [{ name: "ab", objects: 1, bytes: 100 }],
    );
  });

  test("of a walk that does not count are neither listed nor counted", async () => {
    await using made = await newCatalogue();
    const { catalogue } = made;
    await threeDirectories(catalogue);
    await catalogue.recording.record([page({ directory: "a", walk: 1 })]);
    const keys = (await all(catalogue.questions.failures(job.id))).map(({ key }) => key);
    assert.deepEqual(keys, ["ab/f0", "ab/f1", "ab/f2", "b/f0", "b/f1", "b/f2"]);
    const counts = await catalogue.questions.failureCounts(job.id, "directory");
    assert.deepEqual(
      counts.map(({ name }) => name),
      ["ab", "b"],
    );
  });

  test("are found and counted among very many others, and of many directories a thousand are listed", async () => {
    await using made = await newCatalogue();
    const { catalogue } = made;
    const listed = entries(12_000);
    const objects = listed.map((entry, i) => ({
      ...object(i, entry, "failed"),
      class: i === 11_500 ? "disk" : "other",
    }));
    const children = Array.from({ length: 1_100 }, (_, i) => `d${i}`);
    await catalogue.recording.record([
      page({ directory: "", directories: ["big", ...children] }),
      page({ directory: "big", entries: listed }),
      result({ directory: "big", volume: undefined, objects }),
      ...children.flatMap((directory) => [
        page({ directory, entries: entries(1) }),
        result({ directory, volume: undefined, objects: [object(0, { name: "f0", size: 100 }, "failed")] }),
      ]),
    ]);
    const found = await all(catalogue.questions.failures(job.id, { class: "disk" }));
    assert.deepEqual(
      found.map(({ key }) => key),
      ["big/f11500"],
    );
    assert.deepEqual(
      (await catalogue.questions.failureCounts(job.id, "class")).map(({ name, objects }) => [name, objects]),
      [
        ["other", 11_999],
        ["unknown", 1_100],
        ["disk", 1],
      ],
    );
    const counts = await catalogue.questions.failureCounts(job.id, "directory");
    assert.deepEqual([counts.length, counts[0]?.name, counts[0]?.objects], [1_000, "big", 12_000]);
  });

  test("keep the class of the latest report", async () => {
    await using made = await newCatalogue();
    const failed = object(0, { name: "f0", size: 100 }, "failed");
    const at = { directory: "a", id: pageId("a"), volume: undefined };
    await made.catalogue.recording.record([
      page({ directory: "a", entries: entries(1) }),
      result({ ...at, at: 9, objects: [{ ...failed, class: "damaged" }] }),
      result({ ...at, at: 5, objects: [{ ...failed, class: "transport" }] }),
    ]);
    assert.deepEqual(
      (await all(made.catalogue.questions.failures(job.id))).map((miss) => miss.class),
      ["damaged"],
    );
  });
});
