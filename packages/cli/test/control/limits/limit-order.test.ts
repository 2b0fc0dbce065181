import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, orderSchema } from "@brigade/core";
import { describeLimit, describeLimits } from "../../../src/control/limits/describe-limit.ts";
import { asksForLimit, type LimitFlags, limitOrder } from "../../../src/control/limits/limit-order.ts";

const read = (flags: LimitFlags, environment = { TZ: "Asia/Shanghai" } as Record<string, string>) =>
  limitOrder("photos", flags, environment, "me@here");

test("options become an order that the ledger accepts", () => {
  const flags = {
    bandwidth: "20MB",
    requests: "500",
    listing: "0.5",
    at: ["01:00-07:00=80MB"],
    host: "vm-1",
  };
  const order = read({ ...flags, reason: "office hours" });
  assert.deepEqual(orderSchema.parse(order), order);
  assert.deepEqual(order, {
    ...{ kind: "limit", source: "photos", host: "vm-1", by: "me@here", reason: "office hours" },
    ...{ bandwidth: 20_000_000, requests: 500, listing: 0.5, timeZone: "Asia/Shanghai" },
    schedule: [{ from: "01:00", to: "07:00", bandwidth: 80_000_000 }],
  });
});

test("SCHEDULE_TZ counts before TZ; without both the machine's time zone does", () => {
  assert.equal(read({}, { SCHEDULE_TZ: "Europe/Berlin", TZ: "UTC" }).timeZone, "Europe/Berlin");
  assert.equal(read({}, { TZ: ":Europe/Berlin" }).timeZone, "Europe/Berlin");
  assert.equal(read({}, {}).timeZone, new Intl.DateTimeFormat().resolvedOptions().timeZone);
});

test("a window may end at midnight", () => {
  assert.deepEqual(read({ at: ["22:00-24:00=1MB"] }).schedule, [
    { from: "22:00", to: "00:00", bandwidth: 1_000_000 },
  ]);
});

test("all problems are reported together, each naming its option", () => {
  const flags = {
    bandwidth: "fast",
    requests: "0",
    listing: "-1",
    at: ["7-9=1MB", "25:00-26:00=1MB", "01:00-02:00=0"],
  };
  assert.throws(
    () => read(flags, { SCHEDULE_TZ: "Europe/Atlantis" }),
    (error) => {
      assert.ok(error instanceof ConfigError);
      for (const name of [
        "--bandwidth: ",
        "--requests: ",
        "--listing: ",
        ...flags.at.map((at) => `--at ${at}: `),
        "SCHEDULE_TZ: ",
      ])
        assert.ok(error.message.includes(name), name);
      return true;
    },
  );
  assert.throws(() => read({ at: ["01:00-07:00=1MB", "06:00-08:00=2MB"] }), /overlap/);
});

test("without a limit, the command only shows", () => {
  assert.equal(asksForLimit({}), false);
  assert.equal(asksForLimit({ host: "vm-1", reason: "why", json: true }), false);
  for (const flags of [{ bandwidth: "1MB" }, { requests: "1" }, { listing: "1" }, { at: [] }])
    assert.equal(asksForLimit(flags), true);
});

test("a limit is shown with its schedule and its time zone, since when, by whom and why", () => {
  const {
    kind: _,
    source: __,
    ...order
  } = read({ bandwidth: "20MB", requests: "500", at: ["01:00-07:00=80MB"], reason: "office" });
  assert.equal(
    describeLimit({ ...order, since: 0 }),
    "20.0 MB/s, 500 requests/s; 01:00-07:00 80.0 MB/s (Asia/Shanghai), since 1970-01-01T00:00:00.000Z, by me@here: office",
  );
  assert.equal(
    describeLimit({ ...order, since: 0, host: "vm-1", schedule: [], reason: "" }),
    "vm-1: 20.0 MB/s, 500 requests/s, since 1970-01-01T00:00:00.000Z, by me@here",
  );
});

test("status has a line per limit, with its source", () => {
  const { kind: _, source: __, ...order } = read({ requests: "5" });
  const sources = [{ source: "photos", limits: [{ ...order, since: 0 }] }];
  assert.deepEqual(describeLimits({ v: 1, revision: 1, sources, drainedHosts: [], drainedVolumes: [] }), [
    "limit  photos: 5 requests/s, since 1970-01-01T00:00:00.000Z, by me@here",
  ]);
  assert.deepEqual(describeLimits(undefined), []);
});
