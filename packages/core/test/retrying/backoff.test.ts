import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { backoff, delayOf, delays } from "../../src/index.ts";

describe("backoff", () => {
  const bounds = (attempt: number) => [
    backoff(attempt, { first: 100, most: 1_000 }, () => 0),
    backoff(attempt, { first: 100, most: 1_000 }, () => 1 - Number.EPSILON),
  ];

  test("doubles with each attempt, between half and whole", () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((attempt) => bounds(attempt).map(Math.round)),
      [
        [50, 100],
        [100, 200],
        [200, 400],
        [400, 800],
      ],
    );
  });

  test("never exceeds the most, however many attempts there were", () => {
    for (const attempt of [4, 10, 100, 5_000])
      assert.deepEqual(bounds(attempt).map(Math.round), [500, 1_000]);
  });

  test("spreads without an injected randomness too", () => {
    const waits = Array.from({ length: 50 }, () => backoff(0, { first: 100, most: 100 }));
    assert.ok(waits.every((wait) => wait >= 50 && wait < 100));
    assert.ok(new Set(waits).size > 1);
  });
});

test("a message waits in the shortest delay that is long enough, else in the longest", () => {
  assert.deepEqual(
    [0, 1, 1_000, 1_001, 10_000, 59_999, 60_001, 600_000, 3_600_000].map(delayOf),
    [1_000, 1_000, 1_000, 10_000, 10_000, 60_000, 600_000, 600_000, 600_000],
  );
  assert.deepEqual(
    [...delays].sort((a, b) => a - b),
    [...delays],
  );
});
