import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Control,
  ControlState,
  ControlStates,
  controlOf,
  MessageError,
  noOrders,
  readControl,
} from "@brigade/core";

const control = controlOf(noOrders, "photos", { downloaders: 0, listers: 0, hosts: [] }, 0);
const order = { since: 1, by: "ann@desk", reason: "the line is needed" };

function body(more: object = {}): string {
  return JSON.stringify({ ...control, revision: 3, at: 5, ...more });
}

function heard(more: Partial<Control> = {}) {
  return { control: { ...control, revision: 3, at: 5, ...more }, unknown: [] };
}

test("a control message is read as it was written", () => {
  const hold = order;
  const limits = [{ ...order, bandwidth: 20e6, schedule: [], timeZone: "UTC", host: "attic" }];
  const drainedVolumes = [{ ...order, volume: "id", eject: true }];
  const { control: told, unknown } = readControl(body({ hold, limits, drainedVolumes }));
  assert.deepEqual(told.hold, hold);
  assert.deepEqual(told.limits, limits);
  assert.deepEqual(told.drainedVolumes, drainedVolumes);
  assert.deepEqual(unknown, []);
});

test("parts of a newer program are ignored and named, wherever they lie", () => {
  const limits = [{ ...order, schedule: [], timeZone: "UTC", burst: 3 }];
  const { control: told, unknown } = readControl(body({ limits, moon: { full: true }, "a\u001b[31mb": 1 }));
  assert.deepEqual(unknown, ["limits.burst", "moon", "a??31mb"]);
  assert.equal(told.limits.length, 1);
  assert.equal("moon" in told, false);
});

test("unknown parts without end are named up to 20", () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`part${at}`, at]));
  assert.equal(readControl(body(many)).unknown.length, 20);
});

test("a message that cannot be obeyed is refused with the place", () => {
  assert.throws(() => readControl(body({ v: 2 })), /control: v:/);
  assert.throws(
    () => readControl(body({ hold: { ...order, by: "a\nb" } })),
    /hold\.by: must have no control/,
  );
  assert.throws(() => readControl(body({ hold: { ...order, reason: "\u202a".repeat(501) } })), MessageError);
  assert.throws(() => readControl("{"), MessageError);
  assert.throws(() => readControl(" ".repeat(5 * 2 ** 20)), /too many for a control message/);
});

test("a state tells each change once, and repetitions not at all", () => {
  const state = new ControlState();
  const seen: (number | undefined)[] = [];
  state.hear(heard());
  state.onChange(({ hold }) => seen.push(hold?.since));
  state.hear(heard({ at: 9 }));
  state.hear(heard({ revision: 4, hold: order }));
  state.hear(heard({ revision: 4, hold: order, at: 99 }));
  assert.deepEqual(seen, [undefined, 1]);
  assert.equal(state.isHeld, true);
});

test("a word that comes late does not undo a later one", () => {
  const state = new ControlState();
  state.hear(heard({ revision: 4, hold: order }));
  state.hear(heard({ revision: 3, at: 1_000 }));
  assert.equal(state.isHeld, true);
});

test("the number of services that work may change within a revision", () => {
  const state = new ControlState();
  const seen: number[] = [];
  state.onChange(({ workers }) => seen.push(workers.downloaders));
  for (const [at, downloaders] of [1, 3, 3, 2].entries())
    state.hear(heard({ at, workers: { downloaders, listers: 1, hosts: [] } }));
  assert.deepEqual(seen, [1, 3, 2]);
});

test("all parts of a process see the same state of a source", () => {
  const states = new ControlStates();
  states.of("photos").hear(heard({ hold: order }));
  assert.deepEqual([states.of("photos").isHeld, states.of("films").isHeld], [true, false]);
});
