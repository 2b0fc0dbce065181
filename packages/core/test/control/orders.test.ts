import assert from "node:assert/strict";
import { test } from "node:test";
import {
  controlOf,
  controlSchema,
  noOrders,
  type Order,
  orderSchema,
  renewed,
  type Standing,
  standingSchema,
  withOrder,
} from "@brigade/core";

const by = "ann@desk";
const nobody = { downloaders: 0, listers: 0, hosts: [] };
const from = { by, reason: "" };

function after(...orders: readonly Order[]): Standing {
  return orders.reduce((standing, order, at) => withOrder(standing, order, 1_000 + at), noOrders);
}

function told(standing: Standing, source: string) {
  return controlOf(standing, source, nobody, 5);
}

test("a pause holds its source only, until it is resumed", () => {
  const paused = after({ kind: "pause", source: "photos", by, reason: "the line" });
  assert.deepEqual(told(paused, "photos").hold, { since: 1_000, by, reason: "the line" });
  assert.equal(told(paused, "films").hold, undefined);
  assert.equal(
    told(withOrder(paused, { kind: "resume", source: "photos", ...from }, 9), "photos").hold,
    undefined,
  );
});

test("a second pause keeps the time of the first", () => {
  const pause: Order = { kind: "pause", source: "photos", ...from };
  assert.equal(told(after(pause, { ...pause, by: "bob@desk" }), "photos").hold?.since, 1_000);
  assert.equal(told(after(pause, { ...pause, by: "bob@desk" }), "photos").hold?.by, "bob@desk");
});

test("a limit of a host stands beside that of the fleet, and each replaces its own", () => {
  const limit: Extract<Order, { kind: "limit" }> = {
    kind: "limit",
    source: "photos",
    schedule: [],
    timeZone: "UTC",
    ...from,
  };
  const standing = after(
    { ...limit, bandwidth: 5 },
    { ...limit, host: "attic", bandwidth: 2 },
    { ...limit, requests: 9 },
  );
  assert.deepEqual(
    told(standing, "photos").limits.map(({ host, bandwidth, requests }) => [host, bandwidth, requests]),
    [
      ["attic", 2, undefined],
      [undefined, undefined, 9],
    ],
  );
  const off = withOrder(standing, { kind: "limit-off", source: "photos", ...from }, 1);
  assert.deepEqual(
    told(off, "photos").limits.map(({ host }) => host),
    ["attic"],
  );
});

test("drained hosts and volumes are told to all sources", () => {
  const standing = after(
    { kind: "drain", host: "attic", ...from },
    { kind: "drain-volume", volume: "v1", eject: false, ...from },
    { kind: "drain-volume", volume: "v1", eject: true, ...from },
    { kind: "drain", host: "cellar", ...from },
    { kind: "undrain", host: "attic", ...from },
  );
  const { drainedHosts, drainedVolumes } = told(standing, "any");
  assert.deepEqual(
    drainedHosts.map(({ host }) => host),
    ["cellar"],
  );
  assert.deepEqual(drainedVolumes, [{ since: 1_001, ...from, volume: "v1", eject: true }]);
});

test("the revision grows with each order, also where the clock has gone back", () => {
  const first = withOrder(noOrders, { kind: "drain", host: "a", ...from }, 5_000);
  const second = withOrder(first, { kind: "drain", host: "b", ...from }, 7);
  assert.deepEqual([first.revision, second.revision], [5_000, 5_001]);
  assert.equal(renewed(first, 9_000).revision, 9_000);
});

test("what is kept and what is told is read back as it was written", () => {
  const standing = after(
    { kind: "pause", source: "photos", ...from },
    { kind: "drain", host: "attic", ...from },
  );
  assert.deepEqual(standingSchema.parse(JSON.parse(JSON.stringify(standing))), standing);
  const control = told(standing, "photos");
  assert.deepEqual(controlSchema.parse(JSON.parse(JSON.stringify(control))), control);
});

test("an order with control characters in its words is refused", () => {
  for (const word of ["a\u001b[2J", "a\nb", "a\u0085b", ""])
    assert.equal(
      orderSchema.safeParse({ kind: "pause", source: "photos", by: word, reason: "" }).success,
      false,
    );
  assert.equal(orderSchema.safeParse({ kind: "pause", source: "../x", ...from }).success, false);
  assert.equal(
    orderSchema.safeParse({ kind: "pause", source: "photos", by, reason: "x".repeat(501) }).success,
    false,
  );
});
