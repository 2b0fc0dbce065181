import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { warningsInto } from "../../../../test/logs.ts";
import { RecordingBroker, turn } from "../../../../test/recording-broker.ts";
import {
  type DirectoryMessage,
  type FatalError,
  type FilesMessage,
  GuardedConsumer,
  type Job,
  type Source,
  type WorkKind,
} from "../../src/index.ts";

const job: Job = { id: "job", source: "photos", fingerprint: "f1" };
const files: FilesMessage = { v: 1, type: "files", job, slices: [], attempt: 0 };
const directory: DirectoryMessage = {
  v: 1,
  type: "directory",
  job,
  filters: {},
  positions: [{ directory: "", walk: 0, page: 1 }],
  attempt: 0,
};
const unasked = async () => {
  throw new Error("nothing is asked of this source");
};
const source: Source = {
  fingerprint: "f1",
  variant: undefined,
  manyOrigins: false,
  listPage: unasked,
  open: unasked,
  stat: unasked,
};

/** A consumer of batches. By default each is done at once. */
async function setUp(kind: Partial<WorkKind<"files">> = {}) {
  const broker = new RecordingBroker();
  const givenUp: FatalError[] = [];
  const warnings: string[] = [];
  const log = warningsInto(warnings);
  const consumer = new GuardedConsumer<"files">(
    {
      source,
      name: "photos",
      broker,
      host: "here",
      log,
      onGiveUp: (error) => givenUp.push(error),
      onBan: () => warnings.push("banned"),
    },
    { activity: "fetching", refusing: "source refuses everything" },
  );
  await consumer.start({
    type: "files",
    queues: [{ queue: "files", prefetch: 2 }],
    comesBackBy: "retry",
    count: () => 1,
    split: (message) => [message],
    run: async () => ({ kind: "ack" }),
    fail: async () => undefined,
    ...kind,
  });
  return { broker, consumer, givenUp, warnings };
}

describe("a guarded consumer", () => {
  test("rejects a message of another kind and names the queue", async () => {
    const { broker } = await setUp();
    const verdict = await broker.deliver("files", directory);
    assert.deepEqual(verdict, { kind: "reject", reason: "a directory message among files" });
  });

  test("gives back work of a source that is configured differently here, and ends with an error", async () => {
    const { broker, consumer, givenUp } = await setUp();
    const verdict = await broker.deliver("files", { ...files, job: { ...job, fingerprint: "f2" } });
    assert.deepEqual([verdict, consumer.pauses], [{ kind: "release" }, ["configured differently"]]);
    assert.match(givenUp[0]?.message ?? "", /another bucket, domain or version/);
  });

  test("gives work back untouched while it pauses, and while its kind of work admits no more", async () => {
    let admits = false;
    const { broker, consumer } = await setUp({ admits: () => admits });
    assert.deepEqual(await broker.deliver("files", files), { kind: "release" });
    admits = true;
    assert.deepEqual(await broker.deliver("files", files), { kind: "ack" });
    await consumer.valve.close("full");
    assert.deepEqual(await broker.deliver("files", files), { kind: "release" });
  });

  test("pauses during an outage of its source, with one log line at its begin and one at its end", async () => {
    const { consumer, warnings } = await setUp();
    consumer.outage.onPause({ reason: "403", isBan: true });
    assert.deepEqual(consumer.pauses, ["source refuses everything"]);
    consumer.outage.onResume(1_000);
    assert.deepEqual(consumer.pauses, []);
    assert.deepEqual(warnings, [
      "fetching pauses: the source refuses everything",
      "banned",
      "fetching goes on: the source answers again",
    ]);
  });

  test("lets work in hand finish when it is stopped, and interrupts it when it is disposed of", async () => {
    const run: WorkKind<"files">["run"] = async (_message, _delivery, signal) => {
      await turn();
      return { kind: signal.aborted ? "release" : "ack" };
    };
    const stopped = await setUp({ run });
    const finished = stopped.broker.deliver("files", files);
    await stopped.consumer.stop(60_000);
    assert.deepEqual(await finished, { kind: "ack" });
    const disposed = await setUp({ run });
    const interrupted = disposed.broker.deliver("files", files);
    await disposed.consumer[Symbol.asyncDispose]();
    assert.deepEqual(await interrupted, { kind: "release" });
  });
});
