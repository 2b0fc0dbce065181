import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { below, grouped, randomOf, shuffled } from "../../../../test/random.ts";
import type { Catalogue, RecordMessage, VolumeContents, VolumeDescription } from "../../src/index.ts";
import { object, result } from "../messages.ts";
import { all, job, newCatalogue } from "../set-up.ts";
import { syntheticJob } from "../synthetic-job.ts";

function stored(volume: string, at: number, size: number, name = "x"): RecordMessage {
  return result({ directory: "a", volume, at: at * 1_000, objects: [object(0, { name, size }, "stored")] });
}

async function amounts(catalogue: Catalogue): Promise<Record<string, [number, number]>> {
  const volumes = await catalogue.questions.volumes();
  return Object.fromEntries(volumes.map(({ volume, objects, bytes }) => [volume, [objects, bytes]]));
}

/** The same, counted from what `where` tells. */
async function counted(catalogue: Catalogue): Promise<Record<string, [number, number]>> {
  const sums: Record<string, [number, number]> = {};
  for (const { volume } of await catalogue.questions.volumes()) sums[volume] = [0, 0];
  for (const { volume, size } of await all(catalogue.questions.where({ prefix: "" }))) {
    const [objects, bytes] = sums[volume] ?? [0, 0];
    sums[volume] = [objects + 1, bytes + size];
  }
  return sums;
}

describe("what lies on a volume", () => {
  test("counts an object once on each, with its bytes on disk, however often it is reported", async () => {
    await using made = await newCatalogue();
    const variant = object(1, { name: "y", size: 500 }, "stored", { size: 60 });
    const messages = [stored("vol-a", 10, 100), result({ directory: "a", at: 1_000, objects: [variant] })];
    await made.catalogue.recording.record([...messages, ...messages]);
    await made.catalogue.recording.record(messages);
    await made.catalogue.recording.record([stored("vol-b", 20, 100)]);
    assert.deepEqual(await amounts(made.catalogue), { "vol-a": [2, 160], "vol-b": [1, 100] });
  });

  test("follows the object that is stored anew on it, as current state or as a copy, and not an older report", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      stored("vol-a", 10, 100),
      stored("vol-a", 20, 130),
      stored("vol-a", 15, 999),
    ]);
    assert.deepEqual(await amounts(made.catalogue), { "vol-a": [1, 130] });
    await made.catalogue.recording.record([
      stored("vol-b", 40, 200),
      stored("vol-a", 30, 140),
      stored("vol-a", 25, 999),
    ]);
    assert.deepEqual(await amounts(made.catalogue), { "vol-a": [1, 140], "vol-b": [1, 200] });
    await made.catalogue.recording.record([stored("vol-a", 50, 300)]);
    assert.deepEqual(await amounts(made.catalogue), { "vol-a": [1, 300], "vol-b": [1, 200] });
  });

  test("is what the objects themselves add up to, in any order and in any groups", async () => {
    const { messages } = syntheticJob(4);
    await using inOrder = await newCatalogue();
    await inOrder.catalogue.recording.record(messages);
    const expected = await amounts(inOrder.catalogue);
    assert.deepEqual(expected, await counted(inOrder.catalogue));
    assert.ok(Object.values(expected).every(([objects]) => objects > 0));
    for (const seed of [1, 2]) {
      const random = randomOf(seed);
      await using made = await newCatalogue();
      const repeated = [...messages, ...messages.slice(0, below(random, messages.length))];
      for (const group of grouped(shuffled(repeated, random), 40, random))
        await made.catalogue.recording.record(group);
      assert.deepEqual(await amounts(made.catalogue), expected);
    }
  });

  test("leaves out a message that is refused with its transaction", async () => {
    await using made = await newCatalogue();
    const broken = object(1, { name: "y", size: 1 }, "stored", { modified: 1.5 });
    await made.catalogue.recording.record([
      stored("vol-a", 10, 100),
      result({ directory: "a", objects: [object(0, { name: "z", size: 7 }, "stored"), broken] }),
    ]);
    assert.deepEqual(await amounts(made.catalogue), { "vol-a": [1, 100] });
  });

  test("is listed by source, whatever its fingerprint", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([stored("vol-a", 10, 100)]);
    const state = { key: "k", listedSize: 5, size: 5, modified: 1, storedAt: 1 };
    const volume = { id: "vol-a", host: "host-1" };
    await made.catalogue.recording.restore({ source: "photos", fingerprint: "f2" }, volume, [state]);
    await made.catalogue.recording.restore({ source: "films", fingerprint: "f1" }, volume, [state]);
    const [contents] = await made.catalogue.questions.volumes();
    assert.deepEqual(contents?.sources, [
      { source: "films", objects: 1, bytes: 5 },
      { source: "photos", objects: 2, bytes: 105 },
    ]);
    assert.deepEqual([contents?.objects, contents?.bytes], [3, 110]);
  });

  test("answers whether anything of a source is stored", async () => {
    await using made = await newCatalogue();
    assert.equal(await made.catalogue.history.isEmpty(job), true);
    await made.catalogue.recording.record([stored("vol-a", 10, 100)]);
    assert.equal(await made.catalogue.history.isEmpty(job), false);
    assert.equal(await made.catalogue.history.isEmpty({ ...job, fingerprint: "f2" }), true);
    await made.catalogue.recording.forget(job, "vol-a", ["a/x"]);
    assert.equal(await made.catalogue.history.isEmpty(job), true);
  });
});

describe("a volume", () => {
  const seen = async (catalogue: Catalogue): Promise<VolumeContents | undefined> =>
    (await catalogue.questions.volumes())[0];

  test("is listed with what its host reported, before anything lies on it", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.noteVolumes(
      [{ id: "vol-a", host: "host-1", label: "red", free: 10, size: 100 }],
      5,
    );
    assert.deepEqual(await made.catalogue.questions.volumes(), [
      {
        volume: "vol-a",
        label: "red",
        host: "host-1",
        seenAt: 5,
        free: 10,
        size: 100,
        objects: 0,
        bytes: 0,
        sources: [],
      },
    ]);
  });

  test("that was lost stays lost, whatever late results bring, until its host has it again", async () => {
    await using made = await newCatalogue();
    const told = async (gone: VolumeDescription["gone"], at: number) => {
      await made.catalogue.recording.noteVolumes(
        [{ id: "vol-a", host: "host-1", ...(gone !== undefined && { gone }) }],
        at,
      );
      return (await seen(made.catalogue))?.gone;
    };
    assert.equal(await told(null, 5), undefined);
    assert.deepEqual(await told({}, 10), { at: 10 });
    assert.deepEqual(await told({ lost: "unmounted" }, 20), { at: 10, lost: "unmounted" });
    assert.deepEqual(await told({}, 30), { at: 10, lost: "unmounted" });
    await made.catalogue.recording.record([stored("vol-a", 100_000, 1)]);
    assert.deepEqual(await told(undefined, 200_000), { at: 10, lost: "unmounted" });
    assert.equal(await told(null, 300_000), undefined);
  });

  test("is at the host that said so last, whatever host its results come from, and keeps its label", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.noteVolumes(
      [{ id: "vol-a", host: "host-1", label: "red", free: 10 }],
      5_000_000,
    );
    await made.catalogue.recording.noteVolumes([{ id: "vol-a", host: "host-0", label: "old" }], 4_000_000);
    assert.equal((await seen(made.catalogue))?.label, "red");
    await made.catalogue.recording.record([
      { ...stored("vol-a", 6_000, 1), host: "host-2" } as RecordMessage,
    ]);
    const now = await seen(made.catalogue);
    assert.deepEqual([now?.host, now?.label, now?.free, now?.seenAt], ["host-1", "red", 10, 6_000_000]);
    assert.equal((await all(made.catalogue.questions.where({ key: "a/x" })))[0]?.label, "red");
    await made.catalogue.recording.noteVolumes([{ id: "vol-a", host: "host-3", label: "blue" }], 7_000_000);
    await made.catalogue.recording.record([
      { ...stored("vol-a", 6_500, 1), host: "host-2" } as RecordMessage,
    ]);
    const last = await seen(made.catalogue);
    assert.deepEqual([last?.host, last?.label], ["host-3", "blue"]);
    const [location] = await all(made.catalogue.questions.where({ key: "a/x" }));
    assert.deepEqual([location?.host, location?.label], ["host-3", "blue"]);
  });
});
