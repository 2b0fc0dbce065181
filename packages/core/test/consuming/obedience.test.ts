import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlState, controlOf, noOrders, type Order, Valve, withOrder } from "@brigade/core";
import { Obedience } from "../../src/consuming/obedience.ts";

const from = { by: "ann@desk", reason: "" };

/** A consumer's valve at the host attic, and a fleet that is ordered about. */
function setUp() {
  const control = new ControlState();
  const valve = new Valve();
  let standing = noOrders;
  const told: number[] = [];
  const order = (given: Order) => {
    standing = withOrder(standing, given, Date.UTC(2026, 10, 30, 17));
    const workers = { downloaders: 1, listers: 1, hosts: [] };
    control.hear({ control: controlOf(standing, "photos", workers, told.push(0)), unknown: [] });
  };
  return { control, valve, order, obedience: new Obedience(valve, { control, host: "attic" }) };
}

test("a consumer pauses while its source is paused, and says by whom, since when and why", () => {
  const { valve, order } = setUp();
  order({ kind: "pause", source: "photos", ...from, reason: "the line is needed" });
  assert.deepEqual(valve.reasons, ["paused by ann@desk since 2026-11-30 17:00:00Z: the line is needed"]);
  order({ kind: "resume", source: "photos", ...from });
  assert.equal(valve.isClosed, false);
});

test("a consumer takes nothing while its host is drained, and others do", () => {
  const { valve, order } = setUp();
  order({ kind: "drain", host: "cellar", ...from });
  assert.equal(valve.isClosed, false);
  order({ kind: "drain", host: "attic", ...from });
  assert.deepEqual(valve.reasons, ["attic is drained by ann@desk since 2026-11-30 17:00:00Z"]);
  order({ kind: "pause", source: "photos", ...from });
  order({ kind: "undrain", host: "attic", ...from });
  assert.deepEqual(valve.reasons, ["paused by ann@desk since 2026-11-30 17:00:00Z"]);
});

test("what closes the valve for other reasons keeps it closed", () => {
  const { valve, order } = setUp();
  void valve.close("source unwell");
  order({ kind: "pause", source: "photos", ...from });
  order({ kind: "resume", source: "photos", ...from });
  assert.deepEqual(valve.reasons, ["source unwell"]);
});

test("a consumer that begins while its source is paused is paused from its first message on", () => {
  const { control, order } = setUp();
  order({ kind: "pause", source: "photos", ...from });
  const later = new Valve();
  new Obedience(later, { control, host: "here" });
  assert.equal(later.isClosed, true);
});

test("a consumer that has stopped obeys no more", () => {
  const { valve, order, obedience } = setUp();
  obedience[Symbol.dispose]();
  order({ kind: "pause", source: "photos", ...from });
  assert.equal(valve.isClosed, false);
});
