import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { createPlacement } from "../../src/index.ts";
import { Clock, FakeDisk, mib } from "./fake-disk.ts";

/*
 * The file system says that there is room, and a call that there is none: a quota.
 */

test("an object that is more than a quota leaves is refused by itself; a smaller one that does not fit fills the volume", async () => {
  const clock = new Clock();
  const disk = new FakeDisk("one", 1000);
  const placement = createPlacement([disk.volume], silentLog, clock.options);
  const quota = new HostError("full", "EDQUOT: the quota of this user is used up");
  (await placement.reserve(60 * mib, 1))?.release();
  placement.failed(disk.volume, quota, 60 * mib);
  assert.equal(await placement.reserve(60 * mib, 1), undefined, "not tried again");
  assert.equal(await placement.exhausted(), undefined);
  (await placement.reserve(59 * mib, 1))?.release();
  (await placement.reserve(10_000, 10))?.release();
  placement.failed(disk.volume, quota, 10_000);
  assert.equal(await placement.reserve(1000, 1), undefined);
  assert.match((await placement.exhausted()) ?? "", /no volume has room.*EDQUOT/);
});

test("small objects that found no room while a large one took it all are placed when that has failed", async () => {
  const clock = new Clock();
  const disk = new FakeDisk("one", 1000);
  const placement = createPlacement([disk.volume], silentLog, clock.options);
  const large = await placement.reserve(60 * mib, 1);
  const quota = new HostError("full", "EDQUOT");
  placement.failed(disk.volume, quota, 10_000);
  const waiting = placement.reserve(10_000, 1);
  placement.failed(disk.volume, quota, 60 * mib);
  large?.release();
  assert.ok(await waiting);
  assert.equal(await placement.reserve(60 * mib, 1), undefined);
});

test("what a large object gives back when it fails is no new room for it; what is made by others is", async () => {
  const clock = new Clock();
  const disk = new FakeDisk("one", 800);
  const placement = createPlacement([disk.volume], silentLog, clock.options);
  (await placement.reserve(300 * mib, 1))?.release();
  placement.failed(disk.volume, new HostError("full", "EDQUOT"), 300 * mib);
  disk.room = { ...disk.room, bytes: 1000 * mib };
  clock.now += 2_000;
  assert.equal(await placement.reserve(300 * mib, 1), undefined);
  disk.room = { ...disk.room, bytes: 1200 * mib };
  clock.now += 2_000;
  assert.ok(await placement.reserve(300 * mib, 1));
});
