import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { HostError, type Log } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { createPlacement } from "../../src/index.ts";
import { Clock, FakeDisk, mib, noFloor } from "./fake-disk.ts";

/** What the promise came to within some turns of the event loop. */
async function withinTurns<T>(promise: Promise<T>): Promise<T | "waits"> {
  const turns = async () => {
    for (let round = 0; round < 50; round += 1) await turn();
    return "waits" as const;
  };
  return await Promise.race([promise, turns()]);
}

test("chooses the volume with most room, counting what is promised already", async () => {
  const [small, large] = [new FakeDisk("small", 100), new FakeDisk("large", 150)];
  const placement = createPlacement([small.volume, large.volume], silentLog, new Clock().options);
  const chosen = async () => (await placement.reserve(40 * mib, 1))?.volume.label;
  // Left: 100 and 150, 100 and 110, 100 and 70, 60 and 70, 60 and 30, 20 and 30.
  assert.equal(await chosen(), "large");
  assert.equal(await chosen(), "large");
  assert.equal(await chosen(), "small");
  assert.equal(await chosen(), "large");
  assert.equal(await chosen(), "small");
});

test("a batch waits while the room that it needs is only promised, and gets it when the promise was not kept", async () => {
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], silentLog, new Clock().options);
  const first = await placement.reserve(60 * mib, 1);
  assert.ok(first);
  const second = placement.reserve(60 * mib, 1);
  assert.equal(await withinTurns(second), "waits");
  assert.equal(await placement.exhausted(), undefined, "room that is promised is not gone");
  first.release();
  first.release();
  assert.equal((await second)?.volume.label, "disk");
});

test("a batch that waits for promised room fits nowhere once that room is used", async () => {
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], silentLog, new Clock().options);
  const first = await placement.reserve(60 * mib, 1);
  assert.ok(first);
  const second = placement.reserve(60 * mib, 1);
  assert.equal(await withinTurns(second), "waits");
  disk.room = { ...disk.room, bytes: 40 * mib };
  first.release();
  assert.equal(await second, undefined);
  assert.ok(await placement.reserve(30 * mib, 1), "what fits is placed");
});

test("a batch that is larger than all room waits for no promise", async () => {
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], silentLog, new Clock().options);
  assert.ok(await placement.reserve(60 * mib, 1));
  assert.equal(await placement.reserve(120 * mib, 1), undefined);
  assert.equal(await placement.exhausted(), undefined);
});

test("a batch that waits for room is let go when its handler is to stop", async () => {
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], silentLog, new Clock().options);
  assert.ok(await placement.reserve(60 * mib, 1));
  const stop = new AbortController();
  const second = placement.reserve(60 * mib, 1, { signal: stop.signal });
  assert.equal(await withinTurns(second), "waits");
  stop.abort();
  assert.equal(await second, undefined);
});

test("keeps the floor, in bytes, in shares and in inodes", async () => {
  const bytes = createPlacement([new FakeDisk("disk", 100).volume], silentLog, {
    ...noFloor,
    minFree: { amount: 90 * mib },
  });
  assert.equal(await bytes.reserve(20 * mib, 1), undefined);
  assert.ok(await bytes.reserve(5 * mib, 1));
  const share = createPlacement([new FakeDisk("disk", 100).volume], silentLog, {
    ...noFloor,
    minFree: { share: 0.1 },
  });
  assert.equal(await share.reserve(1 * mib, 1), undefined);
  assert.match((await share.exhausted()) ?? "", /no volume has room/);
  const inodes = createPlacement([new FakeDisk("disk", 100, 50).volume], silentLog, noFloor);
  assert.equal(await inodes.reserve(1, 51), undefined);
  assert.ok(await inodes.reserve(1, 50));
});

test("reads a disk's room at most once per second while there is room", async () => {
  let now = 0;
  const disk = new FakeDisk("disk", 500);
  const placement = createPlacement([disk.volume], silentLog, { ...noFloor, now: () => now });
  for (let round = 0; round < 300; round += 1) {
    assert.ok(await placement.reserve(1024, 1));
    now += 10;
  }
  assert.ok(disk.asked >= 3 && disk.asked <= 4, `asked ${disk.asked} times in 3 s`);
});

test("a full volume is back when its room has grown, a failed one when it was opened again; the log has one line for each", async () => {
  const clock = new Clock();
  const disk = new FakeDisk("disk", 100);
  const log = recordingLog();
  const placement = createPlacement([disk.volume], log, clock.options);
  assert.ok(await placement.reserve(1, 1));
  for (let times = 0; times < 3; times += 1) placement.failed(disk.volume, new HostError("full", "ENOSPC"));
  clock.now += 2000;
  assert.equal(await placement.reserve(1, 1), undefined, "the same room is still full");
  assert.match((await placement.exhausted()) ?? "", /no volume has room/);
  disk.room = { ...disk.room, bytes: 300 * mib };
  clock.now += 2000;
  assert.ok(await placement.reserve(1, 1));
  for (let times = 0; times < 3; times += 1)
    placement.failed(disk.volume, new HostError("io", "EIO: i/o error"));
  disk.room = { ...disk.room, bytes: 900 * mib };
  clock.now += 2000;
  assert.equal(await placement.reserve(1, 1), undefined);
  assert.match((await placement.exhausted()) ?? "", /no volume can be written: disk: EIO: i\/o error/);
  assert.deepEqual(log.lines, [
    "a volume is retired until it has more room",
    "a volume is used again",
    "a volume is retired until its disk works again: it is failing",
  ]);
});

test("a limit of the process retires no volume", async () => {
  const clock = new Clock();
  const disk = new FakeDisk("disk", 100);
  const log = recordingLog();
  const placement = createPlacement([disk.volume], log, clock.options);
  placement.failed(disk.volume, new HostError("limits", "EMFILE"));
  assert.ok(await placement.reserve(1, 1));
  assert.deepEqual(log.lines, []);
});

test("a volume that is silent is used again when it answers; without another, batches wait for it, not for ever", async () => {
  const clock = new Clock();
  const disk = new FakeDisk("disk", 100);
  const log = recordingLog();
  const placement = createPlacement([disk.volume], log, clock.options);
  assert.ok(await placement.reserve(1, 1));
  const silent = new HostError("silent", "has not answered for 30 s");
  disk.hangs = true;
  placement.failed(disk.volume, silent);
  const batch = placement.reserve(1, 1);
  assert.equal(await withinTurns(batch), "waits");
  disk.answer();
  assert.ok(await batch);
  placement.failed(disk.volume, silent);
  assert.equal(await placement.reserve(1, 1), undefined);
  assert.match((await placement.exhausted()) ?? "", /disk: has not answered for 30 s/);
  assert.deepEqual(log.lines, [
    "a volume does not answer: its work goes elsewhere until it does",
    "a volume is used again",
    "a volume does not answer: its work goes elsewhere until it does",
  ]);
});

test("a disk that hangs does not hold up the others, and is not chosen once its figures are old", async () => {
  const clock = new Clock();
  const [hanging, other] = [new FakeDisk("hanging", 900), new FakeDisk("other", 100)];
  const placement = createPlacement([hanging.volume, other.volume], silentLog, clock.options);
  hanging.hangs = true;
  assert.equal((await placement.reserve(1, 1))?.volume.label, "other");
  hanging.hangs = false;
  const fresh = createPlacement([hanging.volume, other.volume], silentLog, clock.options);
  assert.equal((await fresh.reserve(1, 1))?.volume.label, "hanging");
  hanging.hangs = true;
  clock.now += 5000;
  assert.ok(await fresh.reserve(1, 1));
  clock.now += 20_000;
  assert.equal((await fresh.reserve(1, 1))?.volume.label, "other");
});

test("a batch of which a volume holds some already goes on there, with room for the rest only", async () => {
  const [begun, roomy] = [new FakeDisk("begun", 30), new FakeDisk("roomy", 500)];
  const placement = createPlacement([begun.volume, roomy.volume], silentLog, new Clock().options);
  const held = { volume: begun.volume, bytes: 80 * mib };
  const rest = await placement.reserve(100 * mib, 1, { begun: held });
  assert.equal(rest?.volume.label, "begun");
  assert.equal(
    (await placement.reserve(100 * mib, 1, { begun: held }))?.volume.label,
    "roomy",
    "10 MiB are left there",
  );
  rest.release();
  placement.failed(begun.volume, new HostError("io", "EIO"));
  assert.equal((await placement.reserve(81 * mib, 1, { begun: held }))?.volume.label, "roomy");
});

test("what a reservation has taken from the disk is not kept a second time", async () => {
  const clock = new Clock();
  const disk = new FakeDisk("disk", 100);
  const placement = createPlacement([disk.volume], silentLog, clock.options);
  const first = await placement.reserve(60 * mib, 1);
  assert.ok(first);
  first.spend(60 * mib);
  disk.room = { ...disk.room, bytes: 45 * mib };
  clock.now += 200;
  assert.ok(await placement.reserve(42 * mib, 1));
  first.release();
  disk.room = { ...disk.room, bytes: 3 * mib };
  clock.now += 200;
  assert.equal(await placement.reserve(4 * mib, 1), undefined);
});

function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const told = (_fields: object, message: string) => void lines.push(message);
  return { ...silentLog, warn: told, error: told, lines };
}
