import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomOf, shuffled } from "../../../../test/random.ts";
import type { Catalogue, StoredState } from "../../src/index.ts";
import { object, result } from "../messages.ts";
import { all, job, newCatalogue } from "../set-up.ts";

const red = { id: "vol-a", host: "host-1", label: "red", free: 10, size: 100 };
const blue = { id: "vol-b", host: "host-2" };
const md5 = "0123456789abcdef0123456789abcdef";

function state(key: string, fields: Partial<StoredState> = {}): StoredState {
  return { key, listedSize: 100, size: 100, modified: 1_000, storedAt: 50, ...fields };
}

async function everything(catalogue: Catalogue) {
  return {
    locations: await all(catalogue.questions.where({ prefix: "" })),
    volumes: (await catalogue.questions.volumes()).map(({ seenAt: _, ...volume }) => volume),
  };
}

describe("what is restored from a volume", () => {
  test("is stored as if it had been reported: it is found, compared and counted", async () => {
    await using made = await newCatalogue();
    const full = { size: 70, md5, verified: true, path: "a/~con", etag: "W/1" };
    await made.catalogue.recording.restore(job, red, [state("a/con", full), state("b")]);
    assert.deepEqual(await all(made.catalogue.questions.where({ key: "a/con" })), [
      {
        source: "photos",
        fingerprint: "f1",
        key: "a/con",
        standing: "current",
        volume: "vol-a",
        label: "red",
        host: "host-1",
        listedSize: 100,
        modified: 1_000,
        storedAt: 50,
        ...full,
      },
    ]);
    const file = { name: "b", size: 100, modified: 1_000 };
    assert.deepEqual(await made.catalogue.history.unchanged(job, "", [file, { ...file, size: 9 }]), [
      true,
      false,
    ]);
    const [volume] = await made.catalogue.questions.volumes();
    assert.deepEqual([volume?.objects, volume?.bytes, volume?.label, volume?.free], [2, 170, "red", 10]);
    assert.equal((await made.catalogue.jobs.progress(job.id)).stored.objects, 0);
  });

  test("needs neither a job nor anything else of its source", async () => {
    await using made = await newCatalogue();
    const films = { source: "films", fingerprint: "f9" };
    assert.equal(await made.catalogue.history.isEmpty(films), true);
    await made.catalogue.recording.restore(films, red, [state("a/b/c")]);
    assert.equal(await made.catalogue.history.isEmpty(films), false);
    assert.deepEqual(await all(made.catalogue.questions.storedDirectories(films, "")), ["a/b"]);
    await made.catalogue.jobs.open({ ...films, id: "job-2", prefix: "", filters: {}, startedAt: 1 });
    const file = { name: "c", size: 100, modified: 1_000 };
    assert.deepEqual(await made.catalogue.history.unchanged(films, "a/b", [file]), [true]);
  });

  test("is the same in any order and any number of times: the last stored wins", async () => {
    const states = [
      [red, state("a/x", { storedAt: 50 })],
      [red, state("a/x", { storedAt: 70, size: 30 })],
      [blue, state("a/x", { storedAt: 60, listedSize: 101 })],
      [blue, state("a/y", { storedAt: 80 })],
      [red, state("a/y", { storedAt: 90 })],
    ] as const;
    await using inOrder = await newCatalogue();
    for (const volume of [red, blue]) await inOrder.catalogue.recording.restore(job, volume, []);
    for (const [volume, one] of states) await inOrder.catalogue.recording.restore(job, volume, [one]);
    const expected = await everything(inOrder.catalogue);
    assert.deepEqual(
      expected.locations.map(({ key, volume, standing, size }) => [key, volume, standing, size]),
      [
        ["a/x", "vol-a", "current", 30],
        ["a/x", "vol-b", "superseded", 100],
        ["a/y", "vol-a", "current", 100],
        ["a/y", "vol-b", "duplicate", 100],
      ],
    );
    for (const seed of [1, 2, 3]) {
      await using made = await newCatalogue();
      for (const volume of [red, blue]) await made.catalogue.recording.restore(job, volume, []);
      for (const [volume, one] of shuffled([...states, ...states], randomOf(seed))) {
        await made.catalogue.recording.restore(job, volume, [one]);
      }
      assert.deepEqual(await everything(made.catalogue), expected);
    }
  });

  test("does not replace what was stored later and reported by a job", async () => {
    await using made = await newCatalogue();
    const objects = [object(0, { name: "x", size: 7 }, "stored")];
    await made.catalogue.recording.record([result({ directory: "a", at: 90_000, objects })]);
    await made.catalogue.recording.restore(job, red, [state("a/x", { storedAt: 80 })]);
    assert.deepEqual(
      (await all(made.catalogue.questions.where({ key: "a/x" }))).map(({ storedAt, size }) => [
        storedAt,
        size,
      ]),
      [[90, 7]],
    );
  });

  test("is entered whole or not at all", async () => {
    await using made = await newCatalogue();
    const states = [state("a/x"), state("a/y", { modified: 1.5 })];
    await assert.rejects(made.catalogue.recording.restore(job, red, states));
    assert.deepEqual(await everything(made.catalogue), { locations: [], volumes: [] });
    await made.catalogue.recording.restore(job, red, states.slice(0, 1));
    assert.equal((await made.catalogue.questions.volumes())[0]?.objects, 1);
  });
});
