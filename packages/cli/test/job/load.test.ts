import assert from "node:assert/strict";
import { test } from "node:test";
import { Load, type LoadedThread } from "../../src/job/load.ts";

/** A thread that works for a part of its time. */
class Thread implements LoadedThread {
  active = 0;
  idle = 0;

  readonly load = () => ({ active: this.active, idle: this.idle, utilization: 0 });

  live(ms: number, worked: number): void {
    this.active += ms * worked;
    this.idle += ms * (1 - worked);
  }
}

function threads() {
  const clock = { now: 0 };
  const [main, other] = [new Thread(), new Thread()];
  const load = new Load(
    () => [other],
    () => clock.now,
    main,
  );
  const live = (ms: number, workedByMain: number, workedByOther: number) => {
    clock.now += ms;
    main.live(ms, workedByMain);
    other.live(ms, workedByOther);
  };
  return { load, live };
}

test("a thread that never rests makes the process busy, whichever it is", () => {
  const { load, live } = threads();
  live(1_000, 0.9, 0.5);
  assert.equal(load.isBusy(), false);
  live(1_000, 0.2, 0.99);
  assert.equal(load.isBusy(), true);
  live(1_000, 0.99, 0.2);
  assert.equal(load.isBusy(), true);
  live(1_000, 0.2, 0.2);
  assert.equal(load.isBusy(), false);
});

test("two questions in a row get the same answer, although the process worked in between", () => {
  const { load, live } = threads();
  live(1_000, 0.5, 0.5);
  assert.equal(load.isBusy(), false);
  live(3, 1, 0);
  assert.equal(load.isBusy(), false);
});
