import assert from "node:assert/strict";
import { test } from "node:test";
import { type Control, ControlState } from "@brigade/core";
import { obeyLimits } from "../../../src/control/limits/obey-limits.ts";
import type { Share } from "../../../src/control/limits/share.ts";

type Limit = Control["limits"][number];

const ordered = { since: 1, by: "me@here", reason: "", schedule: [], timeZone: "UTC" };
const fleet: Limit = { ...ordered, bandwidth: 30_000, requests: 300, listing: 10 };
const workers = {
  downloaders: 3,
  listers: 2,
  hosts: [
    { host: "a", downloaders: 2, listers: 0 },
    { host: "b", downloaders: 1, listers: 2 },
  ],
};

function obeying(who: Omit<Parameters<typeof obeyLimits>[2], "every" | "now">) {
  const state = new ControlState();
  const given: Share[] = [];
  let time = Date.parse("2026-11-30T00:59:59Z");
  let look: (() => void) | undefined;
  const every = (_ms: number, call: () => void): Disposable => {
    look = call;
    return {
      [Symbol.dispose]() {
        look = undefined;
      },
    };
  };
  const pacing = { limit: (share: Share) => void given.push(share) };
  obeyLimits({ pacing }, state, { ...who, every, now: () => time });
  let revision = 0;
  return {
    given,
    latest: () =>
      Object.fromEntries(Object.entries(given.at(-1) ?? {}).filter(([, value]) => value !== undefined)),
    tell(limits: Limit[], told = workers) {
      const control: Control = {
        ...{ v: 1, source: "photos", revision: ++revision, at: revision, limits, workers: told },
        ...{ drainedHosts: [], drainedVolumes: [] },
      };
      state.hear({ control, unknown: [] });
    },
    pass(ms: number) {
      time += ms;
      look?.();
    },
    isLooking: () => look !== undefined,
  };
}

test("each service takes its part: downloaders of bytes and requests, listers of listings", () => {
  const downloader = obeying({ role: "downloader", host: "a" });
  downloader.tell([fleet]);
  assert.deepEqual(downloader.latest(), { bandwidth: 10_000, requests: 100 });
  const lister = obeying({ role: "lister", host: "b" });
  lister.tell([fleet]);
  assert.deepEqual(lister.latest(), { listing: 5 });
  const copy = obeying({ role: "copy", host: "a" });
  copy.tell([fleet]);
  assert.deepEqual(copy.latest(), { bandwidth: 30_000, requests: 300, listing: 10 });
});

test("when a service leaves, the others take its part", () => {
  const downloader = obeying({ role: "downloader", host: "a" });
  downloader.tell([fleet]);
  downloader.tell([fleet], { ...workers, downloaders: 2 });
  assert.deepEqual(downloader.latest(), { bandwidth: 15_000, requests: 150 });
  downloader.tell([fleet], { ...workers, downloaders: 0 });
  assert.deepEqual(downloader.latest(), { bandwidth: 30_000, requests: 300 });
});

test("a limit of a host is shared among that host's services, and the smaller part counts", () => {
  const ofHost: Limit = { ...ordered, host: "a", bandwidth: 10_000 };
  const on = obeying({ role: "downloader", host: "a" });
  on.tell([fleet, ofHost]);
  assert.deepEqual(on.latest(), { bandwidth: 5_000, requests: 100 });
  const elsewhere = obeying({ role: "downloader", host: "b" });
  elsewhere.tell([ofHost]);
  assert.deepEqual(elsewhere.latest(), {});
});

test("a limit that is over ends; that of the command line stays", () => {
  const copy = obeying({ role: "copy", host: "a", own: { bandwidth: 20_000 } });
  assert.deepEqual(copy.latest(), { bandwidth: 20_000 });
  copy.tell([{ ...ordered, bandwidth: 5_000 }]);
  assert.deepEqual(copy.latest(), { bandwidth: 5_000 });
  copy.tell([]);
  assert.deepEqual(copy.latest(), { bandwidth: 20_000 });
});

test("a schedule is followed within a second, and the same share is not set twice", () => {
  const one = obeying({ role: "copy", host: "a" });
  const schedule = [{ from: "01:00", to: "07:00", bandwidth: 80_000 }];
  one.tell([{ ...ordered, bandwidth: 20_000, schedule }]);
  assert.deepEqual(one.latest(), { bandwidth: 20_000 });
  one.pass(1_000);
  assert.deepEqual(one.latest(), { bandwidth: 80_000 });
  const { length } = one.given;
  one.pass(1_000);
  assert.equal(one.given.length, length);
  one.pass(6 * 3_600_000);
  assert.deepEqual(one.latest(), { bandwidth: 20_000 });
  one.tell([]);
  assert.equal(one.isLooking(), false);
});

test("a schedule in a time zone that is not known here is obeyed at its slowest", () => {
  const one = obeying({ role: "copy", host: "a" });
  const schedule = [{ from: "01:00", to: "07:00", bandwidth: 80_000 }];
  one.tell([{ ...ordered, timeZone: "Europe/Atlantis", bandwidth: 20_000, schedule }]);
  assert.deepEqual(one.latest(), { bandwidth: 20_000 });
});
