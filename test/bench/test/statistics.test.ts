import assert from "node:assert/strict";
import { test } from "node:test";
import { quantile, spread } from "../statistics.ts";

test("the median of an odd number of runs is the middle one in any order of runs", () => {
  assert.deepEqual(spread([9, 1, 5]), { median: 5, least: 1, most: 9 });
});

test("the median of an even number of runs lies between the middle two", () => {
  assert.deepEqual(spread([4, 1, 2, 100]), { median: 3, least: 1, most: 100 });
});

test("the median of no runs is undefined", () => {
  assert.ok(Number.isNaN(spread([]).median));
});

test("a quantile is the smallest number below or at which the given share lies", () => {
  const waits = Array.from({ length: 200 }, (_, i) => 200 - i);
  assert.deepEqual([quantile(waits, 0.5), quantile(waits, 0.99), quantile(waits, 1)], [100, 198, 200]);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
