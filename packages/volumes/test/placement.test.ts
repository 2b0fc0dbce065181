import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlacement, type LocalRoom, type LocalVolume } from "../src/index.ts";

const mib = 1024 * 1024;
const noFloor = { minFree: { amount: 0 }, minFreeInodes: { amount: 0 } } as const;

class FakeDisk {
  asked = 0;
  room: LocalRoom;
  hangs = false;
  readonly volume: LocalVolume;

  constructor(label: string, freeMib: number, inodes = 1_000_000) {
    this.room = { bytes: freeMib * mib, inodes, totalBytes: 1000 * mib, totalInodes: 1_000_000 };
    const unused = (): never => {
      throw new Error("placement asks for room only");
    };
    this.volume = {
      id: label,
      label,
      root: `/${label}`,
      room: async () => {
        this.asked += 1;
        return this.hangs ? new Promise<never>(() => {}) : this.room;
      },
      lend: unused,
      giveBack: unused,
      put: unused,
      part: unused,
      begun: unused,
      open: unused,
      adopt: unused,
      take: unused,
      present: unused,
      isFresh: unused,
      bind: unused,
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

test("chooses the volume with most room, counting what is promised already", async () => {
  const [small, large] = [new FakeDisk("small", 100), new FakeDisk("large", 150)];
  const placement = createPlacement([small.volume, large.volume], noFloor);
  const chosen = async () => (await placement.reserve(40 * mib, 1))?.volume.label;
  // Left: 100 and 150, 100 and 110, 100 and 70, 60 and 70, 60 and 30, 20 and 30.
  assert.equal(await chosen(), "large");
  assert.equal(await chosen(), "large");
  assert.equal(await chosen(), "small");
  assert.equal(await chosen(), "large");
  assert.equal(await chosen(), "small");
  assert.equal(await chosen(), undefined);
});

test("gives nothing where a batch fits nowhere, and room again after a release and a look", async () => {
  let now = 0;
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], { ...noFloor, now: () => now });
  const first = await placement.reserve(60 * mib, 1);
  assert.ok(first);
  assert.equal(await placement.reserve(60 * mib, 1), undefined);
  first.release();
  first.release();
  // Released bytes count as spent until the disk was asked again: they have been written, most likely.
  assert.equal(await placement.reserve(60 * mib, 1), undefined);
  now += 2000;
  assert.ok(await placement.reserve(60 * mib, 1));
});

test("keeps the floor, in bytes, in shares and in inodes", async () => {
  const bytes = createPlacement([new FakeDisk("disk", 100).volume], {
    ...noFloor,
    minFree: { amount: 90 * mib },
  });
  assert.equal(await bytes.reserve(20 * mib, 1), undefined);
  assert.ok(await bytes.reserve(5 * mib, 1));
  const share = createPlacement([new FakeDisk("disk", 100).volume], { ...noFloor, minFree: { share: 0.1 } });
  assert.equal(await share.reserve(1 * mib, 1), undefined);
  assert.equal(await share.exhausted(), true);
  const inodes = createPlacement([new FakeDisk("disk", 100, 50).volume], noFloor);
  assert.equal(await inodes.reserve(1, 51), undefined);
  assert.ok(await inodes.reserve(1, 50));
});

test("asks a disk at most once a second while there is room", async () => {
  let now = 0;
  const disk = new FakeDisk("disk", 500);
  const placement = createPlacement([disk.volume], { ...noFloor, now: () => now });
  for (let round = 0; round < 300; round += 1) {
    assert.ok(await placement.reserve(1024, 1));
    now += 10;
  }
  assert.ok(disk.asked >= 3 && disk.asked <= 4, `asked ${disk.asked} times in 3 s`);
});

test("a full volume is back when its room has grown, a failed one never", async () => {
  let now = 0;
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], { ...noFloor, now: () => now });
  assert.ok(await placement.reserve(1, 1));
  placement.retire(disk.volume, "full");
  now += 2000;
  assert.equal(await placement.reserve(1, 1), undefined, "the same room is still full");
  assert.equal(await placement.exhausted(), true);
  disk.room = { ...disk.room, bytes: 300 * mib };
  now += 2000;
  assert.ok(await placement.reserve(1, 1));
  placement.retire(disk.volume, "io");
  disk.room = { ...disk.room, bytes: 900 * mib };
  now += 2000;
  assert.equal(await placement.reserve(1, 1), undefined);
  assert.equal(await placement.exhausted(), true);
});

test("a disk that hangs does not hold up the others, and is not chosen once its figures are old", async () => {
  let now = 0;
  const [hanging, other] = [new FakeDisk("hanging", 900), new FakeDisk("other", 100)];
  const placement = createPlacement([hanging.volume, other.volume], { ...noFloor, now: () => now });
  hanging.hangs = true;
  assert.equal((await placement.reserve(1, 1))?.volume.label, "other");
  hanging.hangs = false;
  const fresh = createPlacement([hanging.volume, other.volume], { ...noFloor, now: () => now });
  assert.equal((await fresh.reserve(1, 1))?.volume.label, "hanging");
  hanging.hangs = true;
  now += 5000;
  assert.ok(await fresh.reserve(1, 1));
  now += 20_000;
  assert.equal((await fresh.reserve(1, 1))?.volume.label, "other");
});

test("a batch of which a volume holds some already goes on there, with room for the rest only", async () => {
  const [begun, roomy] = [new FakeDisk("begun", 30), new FakeDisk("roomy", 500)];
  const placement = createPlacement([begun.volume, roomy.volume], noFloor);
  const held = { volume: begun.volume, bytes: 80 * mib };
  const rest = await placement.reserve(100 * mib, 1, held);
  assert.equal(rest?.volume.label, "begun");
  assert.equal((await placement.reserve(100 * mib, 1, held))?.volume.label, "roomy", "10 MiB are left there");
  rest.release();
  placement.retire(begun.volume, "io");
  assert.equal((await placement.reserve(81 * mib, 1, held))?.volume.label, "roomy");
});

test("what a reservation has taken from the disk is not kept a second time", async () => {
  let now = 0;
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], { ...noFloor, now: () => now });
  const first = await placement.reserve(60 * mib, 1);
  assert.ok(first);
  first.spend(60 * mib);
  assert.equal(await placement.reserve(60 * mib, 1), undefined, "the disk's figures may not show it yet");
  disk.room = { ...disk.room, bytes: 45 * mib };
  now += 200;
  assert.ok(await placement.reserve(42 * mib, 1));
  first.release();
  now += 200;
  assert.equal(await placement.reserve(4 * mib, 1), undefined);
  assert.ok(await placement.reserve(2 * mib, 1));
});
