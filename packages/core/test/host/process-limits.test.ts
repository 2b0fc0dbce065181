import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { HostError, type Log, Restraint } from "../../src/index.ts";

function restraint() {
  const clock = { now: 0 };
  const told: unknown[] = [];
  const log: Log = { ...silentLog, warn: (fields) => told.push(fields) };
  const limit = new HostError("limits", "EMFILE");
  return { clock, told, limit, restraint: new Restraint(log, () => clock.now) };
}

test("a process that has reached a limit does half as much at once, and half of that if it is reached again", () => {
  const { clock, limit, restraint: limited } = restraint();
  assert.equal(limited.of(64), 64);
  limited.reached(limit);
  assert.equal(limited.of(64), 32);
  clock.now += 20_000;
  limited.reached(limit);
  assert.equal(limited.of(64), 16);
  for (let times = 0; times < 50; times++) {
    clock.now += 20_000;
    limited.reached(limit);
  }
  assert.equal(limited.of(64), 1, "one is always allowed");
});

test("what fails at the same time counts once", () => {
  const { clock, limit, restraint: limited } = restraint();
  for (let times = 0; times < 100; times++) {
    limited.reached(limit);
    clock.now += 50;
  }
  assert.equal(limited.of(64), 32);
});

test("twice as much is tried again every ten minutes; it is logged once until all is as usual", () => {
  const { clock, told, limit, restraint: limited } = restraint();
  limited.reached(limit);
  clock.now += 20_000;
  limited.reached(limit);
  clock.now += 599_000;
  assert.equal(limited.of(64), 16);
  clock.now += 1_000;
  assert.equal(limited.of(64), 32);
  limited.reached(limit);
  clock.now += 20_000;
  limited.reached(limit);
  assert.deepEqual(told, [{ reason: "EMFILE" }]);
  for (let minutes = 0; minutes < 30; minutes += 10) {
    clock.now += 600_000;
    limited.of(64);
  }
  assert.equal(limited.of(64), 64);
  limited.reached(limit);
  assert.equal(told.length, 2);
});
