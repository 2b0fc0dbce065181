import assert from "node:assert/strict";
import { test } from "node:test";
import { Rate } from "../../src/terminal/rate.ts";
import { formatBytes, formatCount, formatDuration } from "../../src/terminal/units.ts";

test("a rate shows what happens now, not the mean since the start", () => {
  const rate = new Rate(10_000);
  assert.equal(rate.add(0, 0), 0);
  assert.equal(rate.add(1_000, 1_000), 1_000);
  for (let second = 2; second <= 60; second++) rate.add(1_000, second * 1_000);
  assert.equal(rate.add(1_000, 61_000), 0);
});

test("a rate is never negative", () => {
  const rate = new Rate();
  rate.add(10, 0);
  assert.equal(rate.add(5, 1_000), 0);
});

test("a sum that was stopped at 2^53 - 1 is written as at least 8 PiB", () => {
  assert.equal(formatBytes(Number.MAX_SAFE_INTEGER), "at least 8 PiB");
  assert.equal(formatBytes(Number.MAX_SAFE_INTEGER - 1), "9.0 PB");
});

test("counts are written with a comma between thousands", () => {
  assert.deepEqual([0, 999, 1_000, 12_345, 1_234_567].map(formatCount), [
    "0",
    "999",
    "1,000",
    "12,345",
    "1,234,567",
  ]);
});

test("bytes are written in decimal units, as disks are sold", () => {
  assert.deepEqual([0, 999, 1_000, 33_400, 999_600, 10e12].map(formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "33.4 kB",
    "1.0 MB",
    "10.0 TB",
  ]);
});

test("durations are written in the units that people wait in", () => {
  assert.deepEqual([45, 600, 11_100, 200_000].map(formatDuration), [
    "45 s",
    "10 min",
    "3 h 05 min",
    "2 d 7 h",
  ]);
});
