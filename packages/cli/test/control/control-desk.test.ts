import assert from "node:assert/strict";
import { test } from "node:test";
import { type Control, HostError, type Standing } from "@brigade/core";
import { ControlDesk } from "../../src/control/control-desk.ts";
import { describeOrders } from "../../src/status/orders.ts";

const from = { by: "ann@desk", reason: "" };
const workers = () => ({ downloaders: 1, listers: 1, hosts: [] });

/** A desk whose orders are kept in memory. */
async function setUp(kept: { standing?: Standing; error?: Error } = {}) {
  const desk = await ControlDesk.open({
    kept: {
      load: async () => kept.standing,
      save: async (standing) => {
        if (kept.error !== undefined) throw kept.error;
        kept.standing = standing;
      },
    },
    sources: ["photos", "films"],
    workers,
    now: () => Date.UTC(2026, 10, 30, 17),
  });
  const told: Control[] = [];
  desk.begin({ tell: (control) => told.push(control) });
  return { desk, told, kept };
}

test("an order is told at once, and holds after a restart with a greater revision", async () => {
  const { desk, told, kept } = await setUp();
  using _ = desk;
  await desk.order({ kind: "pause", source: "photos", ...from });
  const [last] = told.filter(({ source }) => source === "photos").slice(-1);
  assert.equal(last?.hold?.by, "ann@desk");
  const again = await setUp(kept);
  using _again = again.desk;
  assert.equal(again.told[0]?.hold?.by, "ann@desk");
  assert.ok((again.told[0]?.revision ?? 0) > (last?.revision ?? 0));
});

test("an order that cannot be kept changes nothing, and the next one is taken", async () => {
  const { desk, told, kept } = await setUp();
  using _ = desk;
  kept.error = new HostError("full", "the disk is full");
  const pause = { kind: "pause", source: "photos", ...from } as const;
  await assert.rejects(desk.order(pause), /the disk is full/);
  assert.ok(told.every(({ hold }) => hold === undefined));
  delete kept.error;
  await desk.order(pause);
  assert.equal(desk.standing.sources[0]?.hold?.by, "ann@desk");
});

test("an order for a source that there is not is refused with those that there are", async () => {
  const { desk } = await setUp();
  using _ = desk;
  await assert.rejects(desk.order({ kind: "pause", source: "other", ...from }), /there is photos, films/);
});

test("status says what is ordered, and names services that do not obey only then", async () => {
  const { desk } = await setUp();
  using _ = desk;
  const old = {
    service: "downloader",
    host: "attic",
    instance: "attic-1",
    sources: [{ name: "photos", pauses: [] }],
    seenAt: 0,
  } as const;
  const services = [{ ...old, sources: [{ name: "photos", pauses: [] }] }];
  assert.deepEqual(describeOrders({ standing: desk.standing, services }), []);
  await desk.order({ kind: "pause", source: "photos", ...from, reason: "the line" });
  assert.deepEqual(describeOrders({ standing: desk.standing, services }), [
    "photos is paused by ann@desk since 2026-11-30 17:00:00Z: the line",
    "downloader attic-1 does not obey: it is of an older version",
  ]);
});
