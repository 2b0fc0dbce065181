import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Message, PageMessage, ResultMessage } from "@brigade/core";
import { openCatalogue, type Progress, retryJob } from "@brigade/ledger";
import { RecordingLog } from "../../../../../test/logs.ts";
import { RecordingBroker } from "../../../../../test/recording-broker.ts";
import { Holders } from "../../../src/service/ledger/holders.ts";
import { Settling } from "../../../src/service/ledger/settling.ts";
import { closeStalled } from "../../../src/service/ledger/stalled.ts";
import { temporaryFolder } from "../../command.ts";

const fails = (error: unknown) => assert.fail(String(error));

async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) assert.ok(Date.now() < deadline, `it never came to this: ${what}`);
}

function jobOf(id: string) {
  return { id, source: "photos", fingerprint: "f" };
}

/** The only page of a bucket with one object. */
function root(id: string): PageMessage {
  const position = { directory: "", walk: 0, page: 1 };
  return {
    v: 1,
    type: "page",
    job: jobOf(id),
    ...position,
    id: `${id}-p`,
    end: "last",
    count: 1,
    bytes: 10,
    directories: [],
  };
}

function outcome(id: string, what: "stored" | "failed"): ResultMessage {
  const object = { index: 0, name: "a", outcome: what, listedSize: 10, modified: 1 };
  const pages = [{ page: `${id}-p`, directory: "", objects: [object] }];
  return { v: 1, type: "result", job: jobOf(id), host: "h", volume: "v", at: 1, pages };
}

async function opened() {
  const folder = await temporaryFolder();
  const log = new RecordingLog();
  const catalogue = await openCatalogue({ path: join(folder.path, "catalogue.sqlite"), log });
  const published: Message[] = [];
  const broker = {
    async publish(messages: readonly Message[]) {
      published.push(...messages);
    },
  };
  return {
    catalogue,
    log,
    published,
    open: (id: string) => catalogue.jobs.open({ ...jobOf(id), prefix: "", filters: {}, startedAt: 1 }),
    retry: (id: string) => retryJob({ catalogue, broker, idle: true, batchFiles: 1, batchBytes: 1 }, id, {}),
    state: async (id: string) => (await catalogue.jobs.all()).find((job) => job.id === id)?.state,
    isPruned: (id: string) =>
      catalogue.questions.proof(id).then(
        () => false,
        (error) => /only the totals are kept/.test(String(error)),
      ),
    async [Symbol.asyncDispose]() {
      await catalogue[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("a job that cannot be read is named when the ledger begins, and the others are closed", async () => {
  await using own = await opened();
  const { catalogue } = own;
  await own.open("good");
  await catalogue.recording.record([root("good"), outcome("good", "stored")]);
  const unreadable = {
    ...jobOf("bad"),
    prefix: "",
    filters: {},
    startedAt: 1,
    state: "open",
    unreadable: "why",
  };
  const all = async () => [unreadable, ...(await catalogue.jobs.all())] as const;
  const jobs = { ...catalogue.jobs, all };
  await using settling = new Settling({ ...catalogue, jobs } as typeof catalogue, own.log, fails);
  await settling.lookAtOpenJobs();
  await eventually("it is closed", async () => (await own.state("good")) === "complete");
  const named = own.log.told.find(({ message }) => message === "a job cannot be read: it is set apart");
  assert.deepEqual(named?.fields, {
    job: "bad",
    source: "photos",
    reason: "why",
    remedy: "brigade cancel photos",
  });
});

test("an error that is not a disk's is reported, also when it comes while the ledger leaves", async () => {
  await using own = await opened();
  const { catalogue } = own;
  await own.open("j");
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<never>();
  const closeByProof = () => {
    asked.resolve();
    return answer.promise;
  };
  const jobs = { ...catalogue.jobs, closeByProof };
  const told: unknown[] = [];
  const settling = new Settling({ ...catalogue, jobs }, own.log, (error) => told.push(error));
  await catalogue.recording.record([root("j"), outcome("j", "stored")]);
  await asked.promise;
  const left = settling[Symbol.asyncDispose]();
  const bug = new Error("a bug");
  answer.reject(bug);
  await left;
  assert.deepEqual(told, [bug]);
});

describe("a job that is settled", () => {
  test("is closed again each time that it was opened for a retry", async () => {
    await using own = await opened();
    const { catalogue } = own;
    await own.open("j");
    const settling = new Settling(catalogue, own.log, fails);
    await catalogue.recording.record([root("j"), outcome("j", "failed")]);
    await eventually("it is closed", async () => (await own.state("j")) !== "open");
    for (const what of ["failed", "stored"] as const) {
      assert.equal(await own.state("j"), "complete");
      assert.deepEqual(await own.retry("j"), { objects: 1, directories: 0 });
      assert.equal(await own.state("j"), "open");
      await catalogue.recording.record([outcome("j", what)]);
      await eventually("it is closed", async () => (await own.state("j")) !== "open");
    }
    assert.equal(own.published.length, 2);
    assert.equal((await catalogue.jobs.progress("j")).stored.objects, 1);
    await settling[Symbol.asyncDispose]();
    const closings = own.log.messages.filter((message) => message.includes("a job is closed"));
    assert.equal(closings.length, 3);
  });

  test("makes the one before it superfluous: its details are dropped", async () => {
    await using own = await opened();
    const { catalogue, isPruned } = own;
    await using _ = new Settling(catalogue, own.log, fails);
    for (const id of ["one", "two"]) {
      await own.open(id);
      await catalogue.recording.record([root(id), outcome(id, "stored")]);
      await eventually("it is closed", async () => (await own.state(id)) === "complete");
    }
    await eventually("it is pruned", () => isPruned("one"));
    assert.equal((await catalogue.questions.proof("two")).complete, true);
  });

  test("that was pruned in part before this process began is pruned to the end", async () => {
    await using own = await opened();
    const { catalogue, isPruned } = own;
    for (const id of ["one", "two"]) {
      await own.open(id);
      await catalogue.recording.record([root(id), outcome(id, "stored")]);
      await catalogue.jobs.close(id, "complete");
    }
    await using settling = new Settling(catalogue, own.log, fails);
    await settling.lookAtOpenJobs();
    await eventually("it is pruned", () => isPruned("one"));
  });
});

test("a job that stood still has its whole time again after a retry", async () => {
  await using own = await opened();
  const { catalogue } = own;
  await own.open("j");
  await catalogue.recording.record([root("j")]);
  const leaving = new AbortController();
  const limitMs = 200;
  const watching = closeStalled({
    source: "photos",
    catalogue,
    broker: new RecordingBroker(),
    acceptsMessages: async () => true,
    holders: new Holders(),
    log: own.log,
    signal: leaving.signal,
    limitMs,
  });
  const seen: Progress[] = [];
  catalogue.jobs.onCommit((all) => seen.push(...all));
  await eventually("it is closed", async () => (await own.state("j")) === "incomplete");
  const times: number[] = [];
  for (let round = 0; round < 2; round++) {
    await catalogue.recording.record([outcome("j", "failed")]);
    await own.retry("j");
    assert.equal(await own.state("j"), "open");
    const since = performance.now();
    await eventually("it is closed", async () => (await own.state("j")) !== "open");
    times.push(performance.now() - since);
  }
  leaving.abort();
  await watching;
  for (const time of times) assert.ok(time >= limitMs * 0.9, times.join(" "));
  assert.equal(seen.at(-1)?.settled, false);
});
