import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { memoryPlan } from "../../src/limits/memory-plan.ts";
import { withinLimits } from "../../src/limits/within-limits.ts";

const mib = 2 ** 20;
const copy = { volumes: 1, service: false };

function lower(
  environment: Readonly<Record<string, string>>,
  { memory, openFiles }: { memory?: number; openFiles?: number },
  needs = copy,
) {
  const told: string[] = [];
  // No real limit of this machine: as if it were wide.
  const limits = { memory: memoryPlan(memory ?? 64 * 1024 * mib), openFiles };
  const result = withinLimits(environment, needs, (line) => told.push(line), limits);
  return { result, told };
}

test("with few open files there are fewer connections, and one line says so", () => {
  const { result, told } = lower(
    { PHOTOS_FETCH_CONCURRENCY: "500", LIST_CONCURRENCY: "1" },
    { openFiles: 64 },
  );
  assert.deepEqual(result, {
    PHOTOS_FETCH_CONCURRENCY: "5",
    FETCH_CONCURRENCY: "auto:5",
    LIST_CONCURRENCY: "1",
  });
  assert.deepEqual(told, [
    "open files are limited to 64 (ulimit -n), so PHOTOS_FETCH_CONCURRENCY is 5, FETCH_CONCURRENCY is auto:5",
  ]);
});

test("what is sought is sought up to what open files and memory allow", () => {
  assert.equal(lower({}, { openFiles: 64 }).result.LIST_CONCURRENCY, "auto:1");
  assert.equal(lower({ LIST_CONCURRENCY: "auto:20" }, { openFiles: 120 }).result.LIST_CONCURRENCY, "auto:15");
  assert.equal(lower({}, { memory: 512 * mib }).result.LIST_CONCURRENCY, "auto:24");
  assert.equal(lower({ LIST_CONCURRENCY: "12" }, { memory: 512 * mib }).result.LIST_CONCURRENCY, "12");
});

test("1,024 open files are no reason to have fewer connections than usual", () => {
  const { result, told } = lower({}, { openFiles: 1024 });
  assert.deepEqual([result, told], [{}, []]);
});

test("each further volume leaves less for connections; without any left it is refused with the number", () => {
  assert.equal(lower({}, { openFiles: 160 }, { volumes: 8, service: false }).told.length, 1);
  assert.throws(
    () => lower({}, { openFiles: 64 }, { volumes: 3, service: false }),
    (error) => error instanceof ConfigError && /limited to 64: at least 74 are needed/.test(error.message),
  );
});

test("with little memory everything that may shrink shrinks, and 256 MiB are enough", () => {
  const plan = memoryPlan(256 * mib);
  const usual = memoryPlan(1024 * mib);
  assert.ok(plan.bodies < usual.bodies / 4);
  assert.ok(plan.semiSpace < usual.semiSpace);
  assert.deepEqual(lower({}, { memory: 256 * mib }).told.length, 1);
});

test("less memory than is needed is refused with the number", () => {
  assert.throws(
    () => lower({}, { memory: 128 * mib }),
    (error) => error instanceof ConfigError && /limited to 128 MiB: at least 240 MiB/.test(error.message),
  );
});
