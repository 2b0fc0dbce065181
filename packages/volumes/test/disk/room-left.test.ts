import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomLeft } from "../../src/disk/room-left.ts";

const mib = 1024 * 1024;

function roomOf(freeMib: number) {
  return { bytes: freeMib * mib, inodes: 1_000, totalBytes: 1_000 * mib, totalInodes: 1_000 };
}

test("the disk is asked before the first write, then once per MiB, and before each write near the floor", () => {
  const left = new RoomLeft({ amount: 100 * mib });
  assert.equal(left.isToLook(1), true);
  assert.equal(left.isLeft(roomOf(500), 1, { isMeasured: true }), true);
  assert.equal(left.isToLook(mib - 1), false);
  assert.equal(left.isToLook(1), true);
  assert.equal(left.isLeft(roomOf(150), 1, { isMeasured: true }), true);
  assert.equal(left.isToLook(1), true);
});

test("an object may be written down to the floor, and one of unknown size leaves a share of the disk besides", () => {
  const left = new RoomLeft({ share: 0.1 }, 0.05);
  assert.equal(left.isLeft(roomOf(101), mib, { isMeasured: true }), true);
  assert.equal(left.isLeft(roomOf(101), mib + 1, { isMeasured: true }), false);
  assert.equal(left.isLeft(roomOf(151), 0, { isMeasured: false }), true);
  assert.equal(left.isLeft(roomOf(149), 0, { isMeasured: false }), false);
});

test("where a file system does not report its room there is room", () => {
  const unknown = Number.POSITIVE_INFINITY;
  const room = { bytes: unknown, inodes: unknown, totalBytes: unknown, totalInodes: unknown };
  const left = new RoomLeft({ share: 0.1 }, 0.05);
  assert.equal(left.isLeft(room, 1e12, { isMeasured: true }), true);
  assert.equal(left.isToLook(100), false);
});
