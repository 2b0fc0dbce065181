import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { type Catalogue, openCatalogue } from "../../src/index.ts";
import { object, result } from "../messages.ts";
import { all, folder, job, newCatalogue, openJob } from "../set-up.ts";

const file = { name: "x", size: 100, modified: 1_100 };

/** States of `a/x`, one a volume, each stored later than the one before. */
async function store(catalogue: Catalogue, states: readonly [volume: string, size: number][]): Promise<void> {
  for (const [i, [volume, size]] of states.entries()) {
    const objects = [object(0, { name: "x", size }, "stored")];
    await catalogue.recording.record([result({ directory: "a", volume, at: (i + 1) * 10_000, objects })]);
  }
}

async function states(catalogue: Catalogue): Promise<[string, string][]> {
  return (await all(catalogue.questions.where({ key: "a/x" }))).map(({ volume, standing }) => [
    volume,
    standing,
  ]);
}

async function held(catalogue: Catalogue): Promise<Record<string, [number, number]>> {
  const volumes = await catalogue.questions.volumes();
  return Object.fromEntries(volumes.map(({ volume, objects, bytes }) => [volume, [objects, bytes]]));
}

describe("an object that is removed from the catalogue on one volume", () => {
  test("is new again when it lay nowhere else", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, [["vol-a", 100]]);
    assert.equal(await made.catalogue.recording.forget(job, "vol-a", ["a/x"]), 1);
    assert.deepEqual(await made.catalogue.history.compare(job, "a", [file]), ["new"]);
    assert.deepEqual(await states(made.catalogue), []);
    assert.deepEqual(await held(made.catalogue), { "vol-a": [0, 0] });
  });

  test("is lost until it is stored again, also when the catalogue was closed meanwhile", async () => {
    await using own = await folder();
    const open = () => openCatalogue({ path: join(own.path, "catalogue.db"), log: silentLog });
    const lost = async (catalogue: Catalogue) =>
      (await all(catalogue.questions.where({ prefix: "", lost: true }))).map(
        ({ key, volume, standing, size }) => [key, volume, standing, size],
      );
    const before = await open();
    await openJob(before);
    await store(before, [["vol-a", 100]]);
    assert.deepEqual(await lost(before), []);
    await before.recording.forget(job, "vol-a", ["a/x"]);
    assert.deepEqual(await lost(before), [["a/x", "vol-a", "lost", 100]]);
    await before[Symbol.asyncDispose]();
    await using catalogue = await open();
    const other = [object(1, { name: "y", size: 1 }, "stored")];
    await catalogue.recording.record([result({ directory: "a", volume: "vol-a", objects: other })]);
    assert.deepEqual(await lost(catalogue), [["a/x", "vol-a", "lost", 100]]);
    await store(catalogue, [["vol-b", 100]]);
    assert.deepEqual(await lost(catalogue), []);
    assert.deepEqual(await states(catalogue), [["vol-b", "current"]]);
  });

  test("is unchanged where a duplicate of it lies", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, [
      ["vol-a", 100],
      ["vol-b", 50],
      ["vol-c", 100],
    ]);
    assert.equal(await made.catalogue.recording.forget(job, "vol-c", ["a/x"]), 1);
    assert.deepEqual(await made.catalogue.history.compare(job, "a", [file]), ["unchanged"]);
    assert.equal((await made.catalogue.history.stored(job, "a", [file]))[0]?.volume, "vol-a");
    assert.deepEqual(await states(made.catalogue), [
      ["vol-a", "current"],
      ["vol-b", "superseded"],
    ]);
    assert.deepEqual(await held(made.catalogue), { "vol-a": [1, 100], "vol-b": [1, 50], "vol-c": [0, 0] });
  });

  test("is fetched again when only older states are left, of which the newest counts as stored", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, [
      ["vol-a", 30],
      ["vol-b", 50],
      ["vol-c", 100],
    ]);
    await made.catalogue.recording.forget(job, "vol-c", ["a/x"]);
    assert.deepEqual(await made.catalogue.history.unchanged(job, "a", [file]), [false]);
    assert.deepEqual(await states(made.catalogue), [
      ["vol-b", "current"],
      ["vol-a", "superseded"],
    ]);
  });

  test("stays stored on the other volume when only a copy of it was there", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, [
      ["vol-a", 50],
      ["vol-b", 100],
    ]);
    assert.equal(await made.catalogue.recording.forget(job, "vol-a", ["a/x"]), 1);
    assert.deepEqual(await states(made.catalogue), [["vol-b", "current"]]);
    assert.deepEqual(await held(made.catalogue), { "vol-a": [0, 0], "vol-b": [1, 100] });
  });

  test("counts only where it was known, and once", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, [["vol-a", 100]]);
    const keys = ["a/x", "a/x", "a/y", "b/x", "x"];
    assert.equal(await made.catalogue.recording.forget(job, "vol-b", keys), 0);
    assert.equal(await made.catalogue.recording.forget({ ...job, fingerprint: "f2" }, "vol-a", keys), 0);
    assert.deepEqual(await states(made.catalogue), [["vol-a", "current"]]);
    assert.equal(await made.catalogue.recording.forget(job, "vol-a", keys), 1);
    assert.equal(await made.catalogue.recording.forget(job, "vol-a", keys), 0);
  });

  test("is known again when it is stored again", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, [["vol-a", 100]]);
    await made.catalogue.recording.forget(job, "vol-a", ["a/x"]);
    await store(made.catalogue, [["vol-a", 100]]);
    assert.deepEqual(await made.catalogue.history.unchanged(job, "a", [file]), [true]);
    assert.deepEqual(await held(made.catalogue), { "vol-a": [1, 100] });
  });
});
