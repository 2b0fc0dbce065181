import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { createPlacement } from "../../src/index.ts";
import type { PlacementPolicy } from "../../src/placement/policies.ts";
import { Clock, FakeDisk, mib } from "./fake-disk.ts";

/** Places batches of 20 MiB that stay in hand, and returns the labels of their volumes. */
async function place(policy: PlacementPolicy, disks: readonly FakeDisk[], batches: number) {
  const volumes = disks.map(({ volume }) => volume);
  const placement = createPlacement(volumes, silentLog, { ...new Clock().options, policy });
  const labels: (string | undefined)[] = [];
  for (let batch = 0; batch < batches; batch++)
    labels.push((await placement.reserve(20 * mib, 1))?.volume.label);
  return labels;
}

test("fill-in-order uses the first volume with room, and the next one only when that is full", async () => {
  const disks = [new FakeDisk("small", 50), new FakeDisk("large", 500), new FakeDisk("last", 500)];
  assert.deepEqual(await place("fill-in-order", disks, 5), ["small", "small", "large", "large", "large"]);
});

test("fill-in-order gives all batches in hand to one volume, however many these are", async () => {
  const disks = [new FakeDisk("first", 2_000), new FakeDisk("second", 2_000)];
  assert.deepEqual(new Set(await place("fill-in-order", disks, 40)), new Set(["first"]));
});

test("round-robin gives each volume with room its turn, whatever its room is", async () => {
  const disks = [new FakeDisk("a", 500), new FakeDisk("full", 10), new FakeDisk("b", 60)];
  assert.deepEqual(await place("round-robin", disks, 7), ["a", "b", "a", "b", "a", "a", "a"]);
});

for (const policy of ["most-free", "fill-in-order", "round-robin"] as const)
  test(`two volumes on one file system share its room with the policy ${policy}`, async () => {
    const disks = ["one", "two"].map((label) => new FakeDisk(label, 100, 1_000, "the same"));
    const clock = new Clock();
    const volumes = disks.map(({ volume }) => volume);
    const placement = createPlacement(volumes, silentLog, { ...clock.options, policy });
    const reserved = await Promise.all([1, 2, 3, 4].map(() => placement.reserve(24 * mib, 1)));
    assert.ok(reserved.every((one) => one !== undefined));
    const more = new AbortController();
    const fifth = placement.reserve(24 * mib, 1, { signal: more.signal });
    more.abort();
    assert.equal(await fifth, undefined, "five times 24 MiB are more than 100 MiB");
    for (const one of reserved) one?.release();
    // What was written is in the figures of both.
    for (const disk of disks) disk.room = { ...disk.room, bytes: 4 * mib };
    clock.now += 2_000;
    assert.equal(await placement.reserve(24 * mib, 1), undefined);
    assert.ok(await placement.reserve(2 * mib, 1));
  });

test("most-free gives volumes on one file system their turns", async () => {
  const disks = ["one", "two"].map((label) => new FakeDisk(label, 500, 1_000, "the same"));
  assert.deepEqual(await place("most-free", disks, 4), ["one", "two", "one", "two"]);
});

test("figures that a second volume of the file system has asked for later are not replaced by older ones", async () => {
  const [one, two] = [new FakeDisk("one", 100, 1_000, "fs"), new FakeDisk("two", 100, 1_000, "fs")];
  const clock = new Clock();
  const placement = createPlacement([one.volume, two.volume], silentLog, clock.options);
  const first = await placement.reserve(60 * mib, 1);
  one.hangs = true;
  clock.now += 2_000;
  // "one" is asked before the batch is stored, and answers after "two", which was asked afterwards.
  assert.ok(await placement.reserve(1 * mib, 1));
  first?.release();
  two.room = { ...two.room, bytes: 40 * mib };
  clock.now += 2_000;
  await placement.reserve(1 * mib, 1);
  one.hangs = false;
  one.answer();
  assert.equal(await placement.reserve(60 * mib, 1), undefined);
});
