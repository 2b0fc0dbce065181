import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchThreads } from "../../src/limits/fetch-threads.ts";
import type { Limits } from "../../src/limits/limits.ts";
import { memoryPlan } from "../../src/limits/memory-plan.ts";

const mib = 2 ** 20;
const ample: Limits = { memory: memoryPlan(64 * 1024 * mib), openFiles: 1_048_576 };

function perVolume(wanted: number | undefined, volumes: number, cores: number, limits = ample) {
  return fetchThreads(wanted, volumes, { limits, cores })?.number;
}

test("each volume has a thread that fetches, and one core is left to the main thread", () => {
  assert.equal(perVolume(undefined, 1, 1), 1);
  assert.equal(perVolume(undefined, 1, 2), 1);
  assert.equal(perVolume(undefined, 1, 5), 4);
  assert.equal(perVolume(undefined, 2, 5), 2);
  assert.equal(perVolume(undefined, 12, 2), 1);
  assert.equal(perVolume(undefined, 1, 64), 8, "eight threads are the most by default");
});

test("FETCH_THREADS is divided among the volumes, and each has one at least; 0 switches them off", () => {
  assert.equal(perVolume(4, 1, 2), 4);
  assert.equal(perVolume(4, 3, 2), 1);
  assert.equal(perVolume(1, 3, 2), 1);
  assert.equal(perVolume(0, 3, 2), undefined);
});

test("where memory or open files are limited, the main thread fetches, unless threads are asked for", () => {
  for (const limits of [
    { ...ample, memory: memoryPlan(512 * mib) },
    { ...ample, openFiles: 1_024 },
  ]) {
    assert.equal(perVolume(undefined, 1, 8, limits), undefined);
    assert.equal(perVolume(2, 1, 8, limits), 2);
  }
});
