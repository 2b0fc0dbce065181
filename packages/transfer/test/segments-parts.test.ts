import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkpoints } from "../src/checkpoints.ts";
import { ConnectionLimit } from "../src/connection-limit.ts";
import { cut, gaps } from "../src/segment.ts";

test("gaps are what is not finished", () => {
  assert.deepEqual(gaps([], 10), [{ from: 0, to: 10 }]);
  assert.deepEqual(gaps([{ from: 0, to: 10 }], 10), []);
  assert.deepEqual(
    gaps(
      [
        { from: 2, to: 4 },
        { from: 6, to: 8 },
      ],
      10,
    ),
    [
      { from: 0, to: 2 },
      { from: 4, to: 6 },
      { from: 8, to: 10 },
    ],
  );
});

test("segments cover the gaps without a seam, and none is cut shorter than allowed", () => {
  const missing = [
    { from: 0, to: 1_000_003 },
    { from: 2_000_000, to: 2_000_005 },
  ];
  const segments = cut(missing, 7, 1000);
  let at = 0;
  for (const { from, to } of segments) {
    assert.ok(from === at || (at === 1_000_003 && from === 2_000_000));
    at = to;
  }
  assert.equal(at, 2_000_005);
  assert.equal(segments.length, 8);
  assert.equal(cut([{ from: 0, to: 2500 }], 8, 1000).length, 3);
});

test("a server that keeps refusing one connection more is asked for it more and more seldom", () => {
  let now = 0;
  const limit = new ConnectionLimit(8, () => now);
  limit.lower(2);
  limit.lower(2);
  const triedAt: number[] = [];
  while (triedAt.length < 4) {
    now += 1000;
    if (limit.value === 2) continue;
    triedAt.push(now);
    limit.lower(2);
  }
  assert.deepEqual(triedAt, [10_000, 30_000, 70_000, 150_000]);
});

test("saves after 30 ms, after 4 MiB at once, and rests as long as saving took, a second at most", async () => {
  let now = 0;
  const saved: number[] = [];
  let took = 100;
  const checkpoints = new Checkpoints(
    async () => {
      saved.push(now);
      now += took;
    },
    (error) => assert.fail(String(error)),
    () => now,
  );
  const mib = 1024 * 1024;
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const come = async (at: number, bytes: number) => {
    now = at;
    checkpoints.came(bytes);
    await settled();
  };
  await come(29, mib);
  await come(30, mib);
  await come(229, mib);
  await come(230, mib);
  took = 5000;
  await come(360, 4 * mib);
  await come(6359, mib);
  now = 6360;
  checkpoints.tick();
  await settled();
  assert.deepEqual(saved, [30, 230, 360, 6360]);
});
