import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Presence, presenceSchema } from "@brigade/core";
import { openCatalogue } from "@brigade/ledger";
import { rootMessage } from "@brigade/lister";
import { RecordingLog } from "../../../../../test/logs.ts";
import { RecordingBroker } from "../../../../../test/recording-broker.ts";
import { InHand } from "../../../src/service/broker/in-hand.ts";
import { Holders } from "../../../src/service/ledger/holders.ts";
import { closeStalled } from "../../../src/service/ledger/stalled.ts";
import { temporaryFolder } from "../../command.ts";
import { until } from "../../fakes.ts";

const job = { id: "j", source: "photos", fingerprint: "f" };
const limitMs = 100;
/** Milliseconds in which a job that nothing keeps open is surely closed. */
const longMs = 10 * limitMs;

function word(source: Partial<Presence["sources"][number]>, fields: Partial<Presence> = {}): Presence {
  return {
    v: 1,
    service: "downloader",
    host: "h",
    instance: "downloader@h#7",
    at: 1,
    everyMs: 5_000,
    sources: [{ name: "photos", pauses: [], ...source }],
    volumes: [],
    ...fields,
  };
}

const holding = (deliveries: number, quietMs: number) => ({ holding: { deliveries, bytes: 5, quietMs } });

/** An open job of which nothing is queued and nothing is heard but what the test says. */
async function quietJob() {
  const folder = await temporaryFolder();
  const log = new RecordingLog();
  const catalogue = await openCatalogue({ path: join(folder.path, "catalogue.sqlite"), log });
  await catalogue.jobs.open({ ...job, prefix: "", filters: {}, startedAt: 1 });
  const leaving = new AbortController();
  const holders = new Holders();
  const state = { takes: true };
  const watching = closeStalled({
    source: "photos",
    catalogue,
    broker: new RecordingBroker(),
    acceptsMessages: async () => state.takes,
    holders,
    log,
    signal: leaving.signal,
    limitMs,
  });
  const isClosed = () => log.messages.includes("warn: a job that stood still is closed");
  return {
    holders,
    state,
    closes: () => until("it is closed", isClosed),
    async staysOpen() {
      await sleep(longMs);
      assert.ok(!isClosed());
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await watching;
      await catalogue[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("a quiet job", () => {
  test("stays open while a service holds messages and bytes come, and is closed when they have stopped", async () => {
    await using own = await quietJob();
    own.holders.note(word(holding(1, 10)));
    await own.staysOpen();
    own.holders.note(word(holding(1, 20_000)));
    await own.closes();
  });

  test("is not kept open by a service that has fallen silent, or has left", async () => {
    await using own = await quietJob();
    own.holders.note(word(holding(3, 0), { everyMs: 1 }));
    own.holders.note(word(holding(3, 0), { instance: "downloader@h#8", leaving: true }));
    await own.closes();
  });

  test("is not kept open by services that hold nothing, or do not report what they hold", async () => {
    await using own = await quietJob();
    own.holders.note(word(holding(0, 0)));
    const old = word({});
    assert.ok(presenceSchema.safeParse(old).success);
    own.holders.note({ ...old, instance: "downloader@h#8" });
    await own.closes();
  });

  test("stays open while messages are in a wait queue, whichever service put them there", async () => {
    await using own = await quietJob();
    own.holders.note(word({ waiting: { job: "j", messages: 3 } }, { everyMs: 1 }));
    own.holders.note(word({ waiting: { job: "j", messages: -2 } }, { instance: "downloader@h#8" }));
    await own.staysOpen();
    own.holders.note(word({ waiting: { job: "j", messages: -3 } }, { instance: "downloader@h#8" }));
    await own.closes();
  });

  test("stays open while messages wait that a service had put there before it was started again", async () => {
    await using own = await quietJob();
    own.holders.note(word({ waiting: { job: "j", messages: 3 } }, { began: 1, leaving: true }));
    own.holders.note(word({ waiting: { job: "j", messages: 0 } }, { began: 2 }));
    await own.staysOpen();
  });

  test("is not kept open by messages of another job", async () => {
    await using own = await quietJob();
    own.holders.note(word({ waiting: { job: "another", messages: 3 } }));
    await own.closes();
  });

  test("stays open while the broker accepts no messages", async () => {
    await using own = await quietJob();
    own.state.takes = false;
    await own.staysOpen();
    own.state.takes = true;
    await own.closes();
  });
});

test("what a service has in hand is counted; bytes, and messages that are published or settled, are progress", async () => {
  const [inHand, recording] = [new InHand(), new RecordingBroker()];
  let bytes = 0;
  inHand.count("photos", () => bytes);
  const broker = inHand.following(recording);
  const verdict = Promise.withResolvers<{ kind: "ack" }>();
  await broker.consume({ source: "photos", queue: "directories" }, { prefetch: 1 }, () => verdict.promise);
  const message = rootMessage(job, "", {});
  const settled = recording.deliver("directories", message);
  assert.equal(inHand.of("photos").deliveries, 1);
  const quiet = async () => {
    await sleep(30);
    assert.ok(inHand.of("photos").quietMs >= 20);
  };
  await quiet();
  bytes = 7;
  assert.deepEqual(inHand.of("photos"), { deliveries: 1, bytes: 7, quietMs: 0 });
  await quiet();
  await broker.publish([message]);
  assert.ok(inHand.of("photos").quietMs < 20);
  await quiet();
  verdict.resolve({ kind: "ack" });
  await settled;
  assert.ok(inHand.of("photos").quietMs < 20);
  assert.equal(inHand.of("photos").deliveries, 0);
});
