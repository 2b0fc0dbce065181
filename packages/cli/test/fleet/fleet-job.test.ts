import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ConfigError, FatalError, HostError, type Source } from "@brigade/core";
import { openCatalogue } from "@brigade/ledger";
import { createStatus, LedgerClient, ledgerApp } from "@brigade/ledger/http";
import { RecordingLog } from "../../../../test/logs.ts";
import { cancelJob } from "../../src/fleet/cancel-job.ts";
import { openFleetJob } from "../../src/fleet/open-job.ts";
import { waitForJob } from "../../src/job/wait.ts";
import { listen } from "../../src/service/listening/listen.ts";
import { temporaryFolder } from "../command.ts";
import { scriptedAdmin, until } from "../fakes.ts";

const source = { fingerprint: "f1" } as Source;
const request = { name: "photos", source, prefix: "2019", filters: { include: ["*.jpg"] } };
const signal = new AbortController().signal;

/** A real ledger over a real socket, without a broker. */
async function ledgerOnly() {
  const folder = await temporaryFolder();
  const log = new RecordingLog();
  const catalogue = await openCatalogue({ path: join(folder.path, "catalogue.sqlite"), log });
  const status = await createStatus({ catalogue, log });
  const listener = await listen(ledgerApp(catalogue, { status, log }), { host: "127.0.0.1", port: 0 });
  return {
    catalogue,
    ledger: new LedgerClient({ url: listener.url }),
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      status[Symbol.dispose]();
      await catalogue[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function parts(ledger: LedgerClient, { admin }: ReturnType<typeof scriptedAdmin>, told: string[] = []) {
  return { ledger, admin, signal, tell: (text: string) => void told.push(text), warmUpMs: 10 };
}

describe("start", () => {
  test("makes the queues, waits for them, opens the job, publishes its root", async () => {
    await using own = await ledgerOnly();
    const queues = scriptedAdmin({ made: true });
    const told: string[] = [];
    const job = await openFleetJob(request, parts(own.ledger, queues, told));
    assert.deepEqual(queues.calls, ["declare", "acceptsMessages", "purge", "publish"]);
    assert.equal(told.length, 1);
    assert.deepEqual(queues.published, [
      {
        v: 1,
        type: "directory",
        job: { id: job.id, source: "photos", fingerprint: "f1", prefix: "2019", first: true },
        filters: request.filters,
        positions: [{ directory: "2019", walk: 0, page: 1 }],
        attempt: 0,
      },
    ]);
    const open = await own.ledger.openJobOf("photos");
    assert.deepEqual([open?.id, open?.prefix, open?.filters], [job.id, "2019", request.filters]);
  });

  test("is refused while a job is open, before anything is touched", async () => {
    await using own = await ledgerOnly();
    const { id } = await openFleetJob(request, parts(own.ledger, scriptedAdmin()));
    const queues = scriptedAdmin();
    await assert.rejects(openFleetJob(request, parts(own.ledger, queues)), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, new RegExp(`${id}.*brigade cancel photos`));
      return true;
    });
    assert.deepEqual(queues.calls, []);
  });

  test("is refused while anything is queued, saying what and how many", async () => {
    await using own = await ledgerOnly();
    const queues = scriptedAdmin({ queues: { files: 3, records: 1, dead: 2 } });
    await assert.rejects(openFleetJob(request, parts(own.ledger, queues)), (error) => {
      assert.ok(error instanceof ConfigError);
      const [left = "", dead = ""] = error.problems;
      assert.match(left, /files 3, records 1;.*brigade cancel photos/);
      assert.match(dead, /: 2; .*brigade dead-letters list photos/);
      return true;
    });
    assert.equal(await own.ledger.openJobOf("photos"), undefined);
  });

  test("says what to do when the job is open and its root could not be published", async () => {
    await using own = await ledgerOnly();
    const queues = scriptedAdmin({ broken: new HostError("io", "the broker went away") });
    await assert.rejects(openFleetJob(request, parts(own.ledger, queues)), (error) => {
      assert.ok(error instanceof FatalError);
      assert.match(error.message, /the broker went away.*brigade cancel photos/);
      return true;
    });
  });
});

describe("cancel", () => {
  test("closes the job first, then purges until nothing new comes", async () => {
    await using own = await ledgerOnly();
    const { id } = await openFleetJob(request, parts(own.ledger, scriptedAdmin()));
    const { admin, calls } = scriptedAdmin({ purges: [10, 0, 2] });
    const purge = admin.purge;
    admin.purge = async (name) => {
      assert.equal((await own.ledger.job(id)).state, "cancelled");
      return await purge(name);
    };
    const cancelled = await cancelJob("photos", { ledger: own.ledger, admin, signal, purgeEveryMs: 1 });
    assert.deepEqual(cancelled, { job: id, purged: 12 });
    assert.ok(calls.length >= 6, "it was looked at until it was quiet");
  });

  test("without an open job still empties the queues", async () => {
    await using own = await ledgerOnly();
    const { admin } = scriptedAdmin({ purges: [4] });
    const cancelled = await cancelJob("photos", { ledger: own.ledger, admin, signal, purgeEveryMs: 1 });
    assert.deepEqual(cancelled, { job: undefined, purged: 4 });
  });
});

describe("start --wait", () => {
  test("ends with the job, and its exit code is that of the proof", async () => {
    await using own = await ledgerOnly();
    const { id } = await openFleetJob(request, parts(own.ledger, scriptedAdmin()));
    const seen: boolean[] = [];
    const view = { show: (progress: { settled: boolean }) => void seen.push(progress.settled), close() {} };
    const waiting = waitForJob(id, { ledger: own.ledger, view, log: new RecordingLog(), signal, everyMs: 5 });
    await until("it looks", () => seen.length > 2);
    await own.catalogue.jobs.close(id, "incomplete");
    const report = await waiting;
    assert.deepEqual([report.job, report.exitCode, report.proof.complete], [id, 3, false]);
  });

  test("of a job that was cancelled ends with an error that says so", async () => {
    await using own = await ledgerOnly();
    const { id } = await openFleetJob(request, parts(own.ledger, scriptedAdmin()));
    await own.catalogue.jobs.close(id, "cancelled");
    const view = { show() {}, close() {} };
    await assert.rejects(
      waitForJob(id, { ledger: own.ledger, view, log: new RecordingLog(), signal }),
      (error) => error instanceof FatalError && /cancelled/.test(error.message),
    );
  });

  test("waits for a ledger that is away, logs that once, and ends when it is interrupted", async () => {
    const log = new RecordingLog();
    const leaving = new AbortController();
    const ledger = new LedgerClient({ url: "http://127.0.0.1:1" });
    let asked = 0;
    const job = ledger.job.bind(ledger);
    ledger.job = async (id) => {
      asked++;
      return await job(id);
    };
    const view = { show() {}, close() {} };
    const waiting = waitForJob("j", { ledger, view, log, signal: leaving.signal, everyMs: 1 });
    await until("it was asked again and again", () => asked > 5);
    leaving.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    assert.equal(log.messages.length, 1);
  });
});
