import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { createStatus } from "../../src/http.ts";
import type { Queues } from "../../src/index.ts";
import { Rates } from "../../src/status/rates.ts";
import { allStored, entries, page, result } from "../messages.ts";
import { newCatalogue } from "../set-up.ts";
import { following } from "./following.ts";

const empty: Queues = { directories: 0, files: 0, retry: 0, wait: 0, records: 0, dead: 0 };

test("a job is shown as soon as it is open, with its figures as they are committed", async () => {
  using live = await following({ sources: ["docs", "photos"] });
  const { scripted, status } = live;
  assert.deepEqual(
    status.current().sources.map(({ source, job }) => [source, job?.id, job?.state]),
    [
      ["docs", undefined, undefined],
      ["photos", "job-1", "open"],
    ],
  );
  scripted.commit({ listed: 10, stored: 4 });
  assert.equal(status.current().sources[1]?.job?.progress.stored.objects, 4);
});

test("what is closed or opened through it is seen at once, else within seconds", async () => {
  using live = await following();
  const { clock, scripted, status } = live;
  const job = () => status.current().sources[0]?.job;
  await status.catalogue.jobs.close("job-1", "incomplete");
  await new Promise(setImmediate);
  assert.equal(job()?.state, "incomplete");
  await status.catalogue.jobs.open({
    id: "job-2",
    source: "photos",
    fingerprint: "f1",
    prefix: "",
    filters: {},
    startedAt: 5,
  });
  await new Promise(setImmediate);
  assert.equal(job()?.id, "job-2");
  scripted.close("complete");
  await clock.pass(3);
  assert.equal(job()?.state, "complete");
});

test("an answer takes no time while the catalogue is busy", async () => {
  using live = await following();
  const { clock, scripted, status } = live;
  const commit = Promise.withResolvers<void>();
  scripted.busy = commit.promise;
  const asked = scripted.asked;
  await clock.pass(60);
  assert.equal(status.current().sources[0]?.job?.id, "job-1");
  assert.ok(scripted.asked - asked <= 1, "questions do not pile up");
  commit.resolve();
});

test("the rate is that of the last 10 seconds, what remains that of the last minute", async () => {
  using live = await following();
  const { clock, scripted, status } = live;
  const job = () => status.current().sources[0]?.job;
  let stored = 0;
  const storing = (perSecond: number) => () => {
    stored += perSecond;
    scripted.commit({ listed: 100_000, stored });
  };
  await clock.pass(60, storing(100));
  assert.deepEqual(job()?.rate, { objects: 100, bytes: 100_000 });
  assert.equal(job()?.etaSeconds, undefined, "more is being listed");
  await clock.pass(10, storing(400));
  assert.deepEqual(job()?.rate, { objects: 400, bytes: 400_000 });

  scripted.commit({ listed: 100_000, stored, listingFinished: true });
  await clock.pass(1);
  const lastMinute = (50 * 100 + 10 * 400 - 100) / 60;
  assert.equal(job()?.etaSeconds, Math.ceil((100_000 - stored) / (Math.round(lastMinute * 10) / 10)));
  await clock.pass(10);
  assert.deepEqual(job()?.rate, { objects: 0, bytes: 0 });
  await clock.pass(60);
  assert.equal(job()?.etaSeconds, undefined, "at a standstill nobody knows");
});

test("only the latest job of a source has a chart", async () => {
  using live = await following();
  const { clock, scripted, status } = live;
  await clock.pass(5);
  assert.equal(status.rates("job-1")?.length, 6);
  scripted.close("complete");
  await clock.pass(5);
  const closed = status.rates("job-1")?.length ?? 0;
  await clock.pass(5);
  assert.equal(status.rates("job-1")?.length, closed, "a closed job's chart stands still");
  scripted.open({ id: "job-2" });
  await clock.pass(3);
  assert.equal(status.rates("job-1"), undefined);
});

test("objects that are put back to work make no negative rate", async () => {
  using live = await following();
  const { clock, scripted, status } = live;
  scripted.commit({ listed: 100, stored: 10, failed: 90 });
  await clock.pass(11);
  scripted.commit({ listed: 100, stored: 10 });
  await clock.pass(2);
  assert.deepEqual(status.current().sources[0]?.job?.rate, { objects: 0, bytes: 0 });
});

test("the chart has every second of 5 minutes and every ten of 6 hours, and no more", () => {
  const rates = new Rates();
  const end = 7 * 3_600_000;
  for (let at = 0; at <= end; at += 1_000) rates.count(at, { objects: at / 1_000, bytes: at });
  const samples = rates.samples();
  assert.ok(
    samples.every(({ at }, i) => i === 0 || at > (samples[i - 1]?.at ?? 0)),
    "in order",
  );
  assert.deepEqual(
    samples.slice(-300).map(({ at }) => end - at),
    Array.from({ length: 300 }, (_, i) => (299 - i) * 1_000),
  );
  assert.ok(samples.length <= 300 + 2_160);
  assert.equal(Math.round((end - (samples[0]?.at ?? 0)) / 60_000), 360);
  assert.ok(samples.every(({ objects, bytes }) => objects === 1 && bytes === 1_000));
});

test("the directories in work are those that records came from last", async () => {
  using live = await following();
  const { clock, status } = live;
  const listed = entries(1);
  for (let i = 0; i < 12; i++) {
    await status.catalogue.recording.record([page({ directory: `d${i}`, entries: listed })]);
    await clock.pass(1);
  }
  await status.catalogue.recording.record([
    result(
      ...["d9", "d3"].map((directory) => ({
        directory,
        objects: allStored(directory, listed).pages[0]?.objects ?? [],
      })),
    ),
  ]);
  const working = status.current().sources[0]?.job?.working ?? [];
  assert.deepEqual(
    working.map(({ directory }) => directory),
    ["d3", "d9", "d11", "d10", "d8", "d7", "d6", "d5", "d4", "d2"],
  );
  assert.equal(working[0]?.at, clock.now());
});

test("a job is idle when nothing is queued and nothing comes", async () => {
  let waiting: Queues = { ...empty, wait: 1 };
  using live = await following({ depths: async () => waiting });
  const { clock, status } = live;
  const idle = () => status.current().sources[0]?.job?.idle;
  await clock.pass(10);
  assert.equal(idle(), undefined);
  waiting = { ...empty, dead: 3 };
  await clock.pass(2);
  const since = clock.now();
  await clock.pass(20);
  assert.ok(Math.abs((idle()?.since ?? 0) - since) <= 2_000);
  await status.catalogue.recording.record([page({ directory: "d" })]);
  assert.equal(idle()?.since, clock.now());
  await status.catalogue.jobs.close("job-1", "incomplete");
  await new Promise(setImmediate);
  assert.equal(idle(), undefined);
});

test("queues are shown while the broker reports them, and never asked about twice at a time", async () => {
  let away: Promise<never> | undefined;
  let asked = 0;
  using live = await following({
    sources: ["photos"],
    depths: async () => {
      asked++;
      await away;
      return { ...empty, files: 7 };
    },
  });
  const { clock, status } = live;
  await clock.pass(1);
  const queues = () => status.current().sources[0]?.queues;
  assert.deepEqual(queues(), { ...empty, files: 7 });
  away = new Promise<never>(() => {});
  asked = 0;
  await clock.pass(30);
  assert.deepEqual([queues(), asked], [undefined, 1]);
});

test("a catalogue or broker that fails is logged once, and again after it has worked in between", async () => {
  let refusing = true;
  using live = await following({
    depths: async () => {
      if (refusing) throw new Error("refused");
      return empty;
    },
  });
  const { clock, scripted, warned } = live;
  scripted.failure = new HostError("io", "the disk failed");
  await clock.pass(10);
  assert.deepEqual(warned, ["the queues cannot be looked at", "the catalogue cannot be looked at"]);
  scripted.failure = undefined;
  refusing = false;
  await clock.pass(4);
  refusing = true;
  await clock.pass(4);
  assert.deepEqual(warned.slice(2), ["the queues cannot be looked at"]);
});

test("nothing goes on after it is disposed of", async () => {
  const live = await following();
  live.status[Symbol.dispose]();
  await new Promise(setImmediate);
  assert.deepEqual([live.clock.sleeping, live.scripted.listened], [0, false]);
  assert.equal(await live.status.passed(1_000), false);
});

test("the status over a real catalogue has the figures of the catalogue", async () => {
  await using own = await newCatalogue();
  using status = await createStatus({ catalogue: own.catalogue, log: silentLog });
  const listed = entries(3);
  await status.catalogue.recording.record([page({ directory: "", entries: listed }), allStored("", listed)]);
  await status.refresh();
  const [source] = status.current().sources;
  assert.deepEqual(source?.job?.progress, await own.catalogue.jobs.progress("job-1"));
  assert.deepEqual(
    source?.job?.working.map(({ directory }) => directory),
    [""],
  );
  assert.deepEqual(
    status.current().volumes.map(({ volume, objects, bytes }) => [volume, objects, bytes]),
    [["vol-a", 3, 303]],
  );
});
