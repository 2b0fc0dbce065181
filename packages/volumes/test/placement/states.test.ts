import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError, type Log } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { createPlacement } from "../../src/index.ts";
import { Clock, FakeDisk, mib } from "./fake-disk.ts";

function scene(...disks: FakeDisk[]) {
  const clock = new Clock();
  const lines: string[] = [];
  const told = (_fields: object, message: string) => void lines.push(message);
  const log: Log = { ...silentLog, info: told, warn: told, error: told };
  const volumes = disks.map(({ volume }) => volume);
  const placement = createPlacement(volumes, log, { ...clock.options, date: () => clock.now });
  const states = () => placement.all.map(({ standing }) => standing.state);
  return { clock, lines, placement, states };
}

for (const [kind, state] of [
  ["io", "failing"],
  ["read-only", "read-only"],
  ["gone", "gone"],
] as const) {
  test(`a volume that is ${state} is tried again, and used again when its disk is well`, async () => {
    const disk = new FakeDisk("one", 500);
    const { clock, lines, placement, states } = scene(disk);
    disk.fault = new HostError(kind, "the disk is not well");
    placement.failed(disk.volume, disk.fault);
    assert.deepEqual(states(), [state]);
    for (let second = 0; second < 300; second++) {
      clock.now += 1_000;
      await placement.look();
    }
    assert.deepEqual([states(), placement.volumes], [[state], []]);
    assert.equal(await placement.reserve(1, 1), undefined);
    disk.fault = undefined;
    clock.now += 60_000;
    await placement.look();
    assert.deepEqual([states(), placement.volumes], [["ok"], [disk.volume]]);
    assert.ok(await placement.reserve(1, 1));
    assert.deepEqual(lines, [
      `a volume is retired until its disk works again: it is ${state}`,
      "a volume is used again",
    ]);
  });
}

test("a disk that fails in another way than before is told once more, with when it began", async () => {
  const disk = new FakeDisk("one", 500);
  const { clock, placement } = scene(disk);
  clock.now = 5_000;
  placement.failed(disk.volume, new HostError("io", "EIO"));
  disk.fault = new HostError("gone", "was its disk unmounted?");
  for (const _ of [1, 2]) {
    clock.now += 1_000;
    await placement.look();
  }
  const [{ standing } = {}] = placement.all;
  assert.deepEqual(standing, { state: "gone", since: 7_000, reason: "was its disk unmounted?" });
});

test("a volume is filling, then full, by what is left above its floor, without a line at each answer", async () => {
  const disk = new FakeDisk("one", 500);
  const { clock, lines, placement, states } = scene(disk);
  const seen: string[] = [];
  for (const free of [500, 51, 49, 51, 49, 51, 0, 1, 0, 400]) {
    disk.room = { ...disk.room, bytes: free * mib };
    clock.now += 10_000;
    await placement.look();
    await placement.all[0]?.volume.room();
    seen.push(states()[0] ?? "");
  }
  const filling = Array.from({ length: 4 }, () => "filling");
  assert.deepEqual(seen, ["ok", "ok", ...filling, "full", "full", "full", "ok"]);
  assert.deepEqual(lines, [
    "a volume is filling: little is left above its floor",
    "a volume is retired until it has more room",
    "a volume is used again",
  ]);
});

test("nothing new goes to a drained volume, what is in hand there ends, and it is used again afterwards", async () => {
  const [one, other] = [new FakeDisk("one", 900), new FakeDisk("other", 100)];
  const { placement, states } = scene(one, other);
  const inHand = await placement.reserve(1, 1);
  assert.equal(inHand?.volume, one.volume);
  placement.obey(new Map([["one", { eject: false, reason: "by root@host" }]]));
  assert.deepEqual([states(), placement.hasOrders], [["drained", "ok"], true]);
  assert.equal((await placement.reserve(1, 1))?.volume, other.volume);
  inHand.release();
  assert.equal(placement.volumes.length, 2, "what lies there can be read");
  placement.obey(new Map());
  assert.equal((await placement.reserve(1, 1))?.volume, one.volume);
});

test("a volume is ejected when nothing is in hand there, and opened again when people want that", async () => {
  const [one, other] = [new FakeDisk("one", 900), new FakeDisk("other", 100)];
  const { clock, placement, states } = scene(one, other);
  const inHand = await placement.reserve(1, 1);
  placement.obey(new Map([["one", { eject: true, reason: "by root@host" }]]));
  await placement.look();
  assert.deepEqual(states(), ["drained", "ok"]);
  inHand?.release();
  await placement.look();
  assert.deepEqual([states(), placement.volumes], [["ejected", "ok"], [other.volume]]);
  placement.failed(one.volume, new HostError("gone", "it is closed"));
  assert.deepEqual(states(), ["ejected", "ok"], "what was closed by order has not failed");
  one.fault = new HostError("gone", "is its disk mounted?");
  placement.obey(new Map());
  await placement.look();
  assert.deepEqual(states(), ["gone", "ok"]);
  one.fault = undefined;
  clock.now += 10_000;
  await placement.look();
  clock.now += 10_000;
  await placement.look();
  assert.deepEqual(states(), ["ok", "ok"]);
});

test("a volume that joins gets batches, and obeys what was ordered before", async () => {
  const [one, other] = [new FakeDisk("one", 100), new FakeDisk("other", 900)];
  const { placement, states } = scene(one);
  placement.obey(new Map([["one", { eject: false, reason: "" }]]));
  assert.match((await placement.exhausted()) ?? "", /one/);
  placement.add(other.volume);
  assert.deepEqual(states(), ["drained", "ok"]);
  assert.equal((await placement.reserve(1, 1))?.volume, other.volume);
});
