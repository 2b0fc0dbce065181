import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { assertApart, bandwidthAt, isTimeZone } from "../../../src/control/limits/schedule.ts";

const night = { from: "01:00", to: "07:00", bandwidth: 80 };
const late = { from: "22:30", to: "06:00", bandwidth: 50 };

function at(time: string, schedule: readonly (typeof night)[], timeZone = "Europe/Berlin", usual?: number) {
  const limit = { schedule: [...schedule], timeZone, ...(usual !== undefined && { bandwidth: usual }) };
  return bandwidthAt(limit, Date.parse(time));
}

test("a window begins and ends by the clock of its time zone; outside the usual limit holds", () => {
  assert.equal(at("2026-11-29T23:59:59Z", [night], "Europe/Berlin", 20), 20);
  assert.equal(at("2026-11-30T00:00:00Z", [night], "Europe/Berlin", 20), 80);
  assert.equal(at("2026-11-30T05:59:59Z", [night], "Europe/Berlin", 20), 80);
  assert.equal(at("2026-11-30T06:00:00Z", [night], "Europe/Berlin", 20), 20);
  assert.equal(at("2026-11-30T06:00:00Z", [night]), undefined);
  assert.equal(at("2026-11-30T17:00:00Z", [night], "Asia/Shanghai", 20), 80);
});

test("a window may go across midnight", () => {
  for (const [time, wanted] of [
    ["2026-11-30T21:29:00Z", 20],
    ["2026-11-30T21:30:00Z", 50],
    ["2026-11-30T23:00:00Z", 50],
    ["2026-12-01T04:59:00Z", 50],
    ["2026-12-01T05:00:00Z", 20],
  ] as const)
    assert.equal(at(time, [late], "Europe/Berlin", 20), wanted, time);
});

test("when clocks go forward, a window ends by the clock, an hour sooner", () => {
  // 2026-03-29, 02:00 is 03:00 in Berlin: 01:00 is 00:00 UTC, 07:00 is 05:00 UTC.
  assert.equal(at("2026-03-28T23:59:00Z", [night], "Europe/Berlin", 20), 20);
  assert.equal(at("2026-03-29T00:00:00Z", [night], "Europe/Berlin", 20), 80);
  assert.equal(at("2026-03-29T04:59:00Z", [night], "Europe/Berlin", 20), 80);
  assert.equal(at("2026-03-29T05:00:00Z", [night], "Europe/Berlin", 20), 20);
  const leftOut = { from: "02:15", to: "02:45", bandwidth: 1 };
  for (let minute = 0; minute < 180; minute++)
    assert.equal(
      bandwidthAt(
        { schedule: [leftOut], timeZone: "Europe/Berlin" },
        Date.parse("2026-03-29T00:00:00Z") + minute * 60_000,
      ),
      undefined,
    );
});

test("when clocks go back, a window in the repeated hour comes twice, and a longer one lasts longer", () => {
  // 2026-10-25, 03:00 is 02:00 in Berlin: 02:15 is 00:15 and 01:15 UTC.
  const repeated = { from: "02:15", to: "02:45", bandwidth: 1 };
  for (const [time, wanted] of [
    ["00:14", undefined],
    ["00:15", 1],
    ["00:45", undefined],
    ["01:15", 1],
    ["01:45", undefined],
  ] as const)
    assert.equal(at(`2026-10-25T${time}:00Z`, [repeated]), wanted, time);
  assert.equal(at("2026-10-24T23:00:00Z", [night], "Europe/Berlin", 20), 80);
  assert.equal(at("2026-10-25T05:59:00Z", [night], "Europe/Berlin", 20), 80);
  assert.equal(at("2026-10-25T06:00:00Z", [night], "Europe/Berlin", 20), 20);
});

test("windows that overlap, or begin when they end, are refused by name; those that touch are not", () => {
  assertApart([night, { from: "07:00", to: "22:30", bandwidth: 1 }]);
  assertApart([{ from: "22:00", to: "01:00", bandwidth: 1 }, night]);
  for (const other of [
    late,
    { from: "06:59", to: "08:00", bandwidth: 1 },
    { from: "00:00", to: "12:00", bandwidth: 1 },
  ])
    assert.throws(
      () => assertApart([night, other]),
      (error) => error instanceof ConfigError && /01:00-07:00 and --at .* overlap/.test(error.message),
    );
  assert.throws(() => assertApart([{ from: "07:00", to: "07:00", bandwidth: 1 }]), /begins when it ends/);
});

test("time zones that this machine does not know are no time zones", () => {
  assert.equal(isTimeZone("Asia/Shanghai"), true);
  assert.equal(isTimeZone("UTC"), true);
  assert.equal(isTimeZone("Europe/Atlantis"), false);
});
