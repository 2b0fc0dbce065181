import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostError, type PageHistory } from "@brigade/core";
import { warningsInto } from "../../../../test/logs.ts";
import { RecordingBroker } from "../../../../test/recording-broker.ts";
import { createLister } from "../../src/index.ts";
import { at, files, job, ListedBucket, setUp } from "../set-up.ts";

const tree = { "": [{ files: files("a.jpg") }] };
const away = new HostError("io", "the ledger does not answer");

/** A history that can be switched off, and counts what it is asked. */
function switchable() {
  const history = {
    isAway: true,
    asked: [] as string[],
    recorded: async () => {
      history.asked.push("recorded");
      if (history.isAway) throw away;
      return undefined;
    },
    unchanged: async (_job: unknown, _directory: string, listed: readonly unknown[]) => {
      history.asked.push("unchanged");
      if (history.isAway) throw away;
      return listed.map(() => true);
    },
  };
  return history;
}

/** A lister that waits for its history. */
async function patientLister(history: PageHistory, bucket = new ListedBucket(tree)) {
  const broker = new RecordingBroker();
  const clock = { now: 1_000_000 };
  const warnings: string[] = [];
  const log = warningsInto(warnings);
  await createLister(
    {
      source: bucket,
      name: job.source,
      broker,
      history,
      historyIsAway: (error) => error === away,
      host: "here",
      log,
      onGiveUp: (error) => warnings.push(error.message),
      onBan: () => {},
      monotonic: () => clock.now,
    },
    {
      concurrency: { most: 4, isSought: false },
      batchFiles: 64,
      batchBytes: 1_000,
      highWater: 100,
      maxAttempts: 5,
      outageLimit: 1_000,
    },
  );
  return { broker, clock, warnings };
}

describe("while the history is away", () => {
  test("a page that needs it is tried again later, uncounted, and said once", async () => {
    const history = switchable();
    const { broker, clock, warnings } = await patientLister(history);
    const message = at({}, { attempt: 2 });
    const first = await broker.deliver("directories", message);
    assert.deepEqual(first, { kind: "retry", delay: 1_000, remainder: [message] });
    clock.now += 60_000;
    const second = await broker.deliver("directories", message);
    assert.deepEqual(second, { kind: "retry", delay: 10_000, remainder: [message] });
    assert.equal(broker.published.length, 0);
    assert.equal(warnings.length, 1);
  });

  test("the source is not asked in vain", async () => {
    const history = switchable();
    const bucket = new ListedBucket(tree);
    const { broker } = await patientLister(history, bucket);
    for (let i = 0; i < 3; i++) await broker.deliver("directories", at());
    assert.equal(bucket.asked.length, 1);
    assert.deepEqual(history.asked, ["unchanged", "recorded", "recorded"]);
  });

  test("work goes on when it is back, and its going away is said again", async () => {
    const history = switchable();
    const { broker, warnings } = await patientLister(history);
    await broker.deliver("directories", at());
    history.isAway = false;
    assert.deepEqual(await broker.deliver("directories", at()), { kind: "ack" });
    assert.deepEqual(
      broker.published.map(({ type }) => type),
      ["page"],
    );
    history.isAway = true;
    await broker.deliver("directories", at());
    assert.equal(warnings.length, 2);
  });

  test("a first job is listed without it", async () => {
    const history = switchable();
    const { broker } = await patientLister(history);
    const message = { ...at(), job: { ...job, first: true as const } };
    assert.deepEqual(await broker.deliver("directories", message), { kind: "ack" });
    assert.equal(broker.publishedOf("files").length, 1);
    assert.deepEqual(history.asked, []);
    assert.equal(broker.publishedOf("files")[0]?.job.first, true);
  });

  test("a redelivered page of a first job waits for it", async () => {
    const history = switchable();
    const { broker } = await patientLister(history);
    const message = { ...at(), job: { ...job, first: true as const } };
    const verdict = await broker.deliver("directories", message, { isRepeated: true });
    assert.equal(verdict.kind, "retry");
    assert.deepEqual(history.asked, ["recorded"]);
  });
});

test("a history that fails for good is no matter of patience", async () => {
  const { broker } = await setUp(new ListedBucket(tree), { history: switchable() });
  await assert.rejects(broker.deliver("directories", at()), away);
});
