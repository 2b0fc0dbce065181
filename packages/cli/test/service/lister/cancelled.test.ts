import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError, type Message } from "@brigade/core";
import type { LedgerClient } from "@brigade/ledger/http";
import { rootMessage } from "@brigade/lister";
import { RecordingLog } from "../../../../../test/logs.ts";
import { RecordingBroker } from "../../../../../test/recording-broker.ts";
import { CancelledJobs, withoutCancelled } from "../../../src/service/lister/cancelled.ts";

const job = { id: "j", source: "photos", fingerprint: "f" };
const root = rootMessage(job, "", {});

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
  const cancelled = new CancelledJobs(ledger, new RecordingLog(), 1);
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
