import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ConfigError, HostError, type Message, type Verdict } from "@brigade/core";
import { type LedgerClient, openCatalogue } from "@brigade/ledger";
import { rootMessage } from "@brigade/lister";
import { RecordingBroker } from "../../../test/recording-broker.ts";
import { metered } from "../src/service/broker/metered-broker.ts";
import { OtherLedger } from "../src/service/ledger/other-ledger.ts";
import { Settling } from "../src/service/ledger/settling.ts";
import { Metrics, type Standing } from "../src/service/listening/metrics.ts";
import { CancelledJobs, withoutCancelled } from "../src/service/lister/cancelled.ts";
import { logPauses } from "../src/service/lister/pause-log.ts";
import { VolumeRooms } from "../src/service/presence/volume-rooms.ts";
import { configuredNames, configuredSources } from "../src/service/sources.ts";
import { temporaryFolder } from "./command.ts";
import { Lines, until } from "./fakes.ts";

const job = { id: "j", source: "photos", fingerprint: "f" };
const root = rootMessage(job, "", {});
const stored: Message = {
  v: 1,
  type: "result",
  job,
  host: "h",
  volume: "v",
  at: 1,
  pages: [
    {
      page: "p",
      directory: "",
      objects: [
        { index: 0, name: "a", outcome: "stored", listedSize: 10, modified: 1, size: 7 },
        { index: 1, name: "b", outcome: "failed", listedSize: 10, modified: 1, reason: "no" },
      ],
    },
  ],
};
/** The whole walk of a bucket whose root is empty. */
const emptyRoot: Message = {
  v: 1,
  type: "page",
  job,
  directory: "",
  walk: 0,
  page: 1,
  id: "p",
  end: "last",
  count: 0,
  bytes: 0,
  directories: [],
};

describe("a ledger beside another one", () => {
  /** Looks every millisecond; `looked` waits for some more looks. */
  function watched() {
    const broker = new RecordingBroker();
    const log = new Lines();
    const leaving = new AbortController();
    const state = { received: 0, inHand: 0, mayHaveWork: false };
    const other = new OtherLedger({
      source: "photos",
      broker,
      received: () => state.received,
      inHand: () => state.inHand,
      mayHaveWork: async () => state.mayHaveWork,
      log,
      signal: leaving.signal,
      everyMs: 1,
    });
    const watching = other.watch();
    return {
      broker,
      log,
      state,
      other,
      async looked() {
        const enough = broker.looks + 10 * 5;
        await until("it looked", () => broker.looks >= enough);
      },
      async [Symbol.asyncDispose]() {
        leaving.abort();
        await watching;
      },
    };
  }

  test("says once that work is queued of which it knows no job, until records come to it", async () => {
    await using one = watched();
    await one.looked();
    assert.deepEqual(one.log.messages, []);
    one.broker.depths.set("files", 3);
    await one.looked();
    one.broker.depths.set("files", 0);
    await one.looked();
    one.broker.depths.set("files", 4);
    await one.looked();
    assert.equal(one.other.isAtWork, true);
    assert.equal(one.log.messages.length, 1);
    assert.match(one.log.messages[0] ?? "", /^warn another ledger is at work/);
    one.state.mayHaveWork = true;
    one.state.received = 1;
    await one.looked();
    assert.equal(one.other.isAtWork, false);
    assert.equal(one.log.messages.length, 2);
  });

  test("is told by records that wait and do not come to it", async () => {
    await using one = watched();
    one.state.mayHaveWork = true;
    one.broker.depths.set("records", 5);
    await one.looked();
    assert.equal(one.other.isAtWork, true);
  });

  test("is not told by records that wait while it is busy, nor by work of its own job", async () => {
    await using one = watched();
    one.state.mayHaveWork = true;
    one.state.inHand = 512;
    one.broker.depths.set("records", 5);
    one.broker.depths.set("directories", 5);
    await one.looked();
    assert.deepEqual([one.other.isAtWork, one.log.messages], [false, []]);
  });
});

describe("a ledger", () => {
  async function catalogueWithJob() {
    const folder = await temporaryFolder();
    const log = new Lines();
    const catalogue = await openCatalogue({ path: join(folder.path, "catalogue.sqlite"), log });
    await catalogue.jobs.open({ ...job, prefix: "", filters: {}, startedAt: 1 });
    return {
      catalogue,
      log,
      state: async () => (await catalogue.jobs.all())[0]?.state,
      async [Symbol.asyncDispose]() {
        await catalogue[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  }
  const fails = (error: unknown) => assert.fail(String(error));

  test("closes a job when it is settled, once, with its sums in one line", async () => {
    await using own = await catalogueWithJob();
    {
      await using settling = new Settling(own.catalogue, own.log, fails);
      await settling.lookAtOpenJobs();
      assert.equal(await own.state(), "open");
      await own.catalogue.recording.record([emptyRoot]);
      await own.catalogue.recording.record([emptyRoot]);
    }
    assert.equal(await own.state(), "complete");
    assert.equal(own.log.lines.length, 1);
    const [line] = own.log.lines;
    assert.equal(line?.message, "a job is closed");
    assert.deepEqual([line?.fields.job, line?.fields.listed], ["j", { objects: 0, bytes: 0 }]);
  });

  test("closes a job that was settled before it began", async () => {
    await using own = await catalogueWithJob();
    await own.catalogue.recording.record([emptyRoot]);
    assert.equal(await own.state(), "open");
    {
      await using settling = new Settling(own.catalogue, own.log, fails);
      await settling.lookAtOpenJobs();
    }
    assert.equal(await own.state(), "complete");
  });

  test("closes a job as incomplete when a directory could not be listed", async () => {
    await using own = await catalogueWithJob();
    {
      await using _ = new Settling(own.catalogue, own.log, fails);
      await own.catalogue.recording.record([{ ...emptyRoot, end: "failed", reason: "forbidden" }]);
    }
    assert.equal(await own.state(), "incomplete");
  });

  test("leaves a cancelled job as it is", async () => {
    await using own = await catalogueWithJob();
    await own.catalogue.jobs.close("j", "cancelled");
    {
      await using _ = new Settling(own.catalogue, own.log, fails);
      await own.catalogue.recording.record([emptyRoot]);
    }
    assert.deepEqual([await own.state(), own.log.messages], ["cancelled", []]);
  });
});

test("work of a cancelled job ends with the lister; other work goes on, also while the ledger is away", async () => {
  const leaving = new AbortController();
  let answers: (() => { id: string; state: string }[])[] = [
    () => [
      { id: "gone", state: "cancelled" },
      { ...job, state: "open" },
    ],
    () => {
      throw new HostError("io", "away");
    },
  ];
  const ledger = {
    async jobs() {
      const [answer, ...rest] = answers;
      answers = rest;
      if (rest.length === 0) leaving.abort();
      return answer?.() ?? [];
    },
  } as unknown as LedgerClient;
  const cancelled = new CancelledJobs(ledger, new Lines(), 1);
  await cancelled.follow(leaving.signal);
  const broker = new RecordingBroker();
  const handled: Message[] = [];
  await withoutCancelled(broker, cancelled).consume(
    { source: "photos", queue: "directories" },
    { prefetch: 1 },
    async ({ message }) => {
      handled.push(message);
      return { kind: "release" };
    },
  );
  const gone = { ...root, job: { ...job, id: "gone" } };
  assert.deepEqual(await broker.deliver("directories", gone), { kind: "ack" });
  assert.deepEqual(await broker.deliver("directories", root), { kind: "release" });
  assert.deepEqual(handled, [root]);
});

test("figures count outcomes, bytes, pages and what is in hand", async () => {
  const standing: Standing = { broker: "blocked", pauses: { photos: ["back-pressure"], docs: [] } };
  const metrics = new Metrics(() => standing, new VolumeRooms(new Lines()));
  const broker = new RecordingBroker();
  const counted = metered(broker, metrics);
  await counted.publish([stored, emptyRoot]);
  const verdict = Promise.withResolvers<Verdict>();
  await counted.consume({ source: "photos", queue: "directories" }, { prefetch: 1 }, () => verdict.promise);
  const delivering = broker.deliver("directories", root);
  const shown = await metrics.registry.metrics();
  for (const line of [
    'brigade_objects_total{source="photos",outcome="stored"} 1',
    'brigade_objects_total{source="photos",outcome="failed"} 1',
    'brigade_bytes_total{source="photos"} 7',
    'brigade_pages_total{source="photos"} 1',
    'brigade_deliveries_in_hand{source="photos",queue="directories"} 1',
    'brigade_paused{source="photos",reason="back-pressure"} 1',
    'brigade_broker_state{state="blocked"} 1',
    'brigade_broker_state{state="connected"} 0',
  ])
    assert.ok(shown.split("\n").includes(line), `${line}\n${shown}`);
  verdict.resolve({ kind: "ack" });
  await delivering;
  const after = await metrics.registry.metrics();
  assert.match(after, /deliveries_in_hand\{source="photos",queue="directories"\} 0/);
  assert.match(after, /deliveries_total\{source="photos",queue="directories",verdict="ack"\} 1/);
});

test("a pause of the lister is told when it begins, with what waits, and when it ends", async () => {
  const [broker, log, leaving] = [new RecordingBroker(), new Lines(), new AbortController()];
  let pauses: string[] = [];
  let looks = 0;
  const logging = logPauses({
    source: "photos",
    pauses: () => {
      looks++;
      return pauses;
    },
    broker,
    log,
    signal: leaving.signal,
    everyMs: 1,
  });
  broker.depths.set("records", 2_000);
  pauses = ["back-pressure"];
  await until("it is told", () => log.lines.length === 1);
  const told = looks;
  await until("it looked again", () => looks > told + 2);
  pauses = [];
  await until("its end is told", () => log.lines.length === 2);
  leaving.abort();
  await logging;
  assert.deepEqual(log.messages, ["info listing pauses", "info listing goes on"]);
  assert.deepEqual(log.lines[0]?.fields.waiting, { files: 0, retry: 0, wait: 0, records: 2_000 });
});

test("SOURCES is read as a whole: names without credentials, sources with all that they lack", () => {
  assert.deepEqual(configuredNames({ SOURCES: "photos=upyun://a  docs=upyun://b/x" }), ["photos", "docs"]);
  assert.throws(() => configuredNames({}), { problems: ["SOURCES: is not set"] });
  for (const wrong of ["photos", "Photos=upyun://a", "=upyun://a", "a=upyun://a a=upyun://b", "a=ftp://x"]) {
    assert.throws(() => configuredNames({ SOURCES: wrong }), ConfigError, wrong);
  }
  assert.throws(
    () => configuredSources({ SOURCES: "a=upyun://a b=upyun://b", A_UPYUN_OPERATOR: "x" }),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /UPYUN_OPERATOR/);
      assert.match(error.message, /UPYUN_PASSWORD/);
      return true;
    },
  );
});
