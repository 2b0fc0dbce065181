import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordingLog } from "../../../../../test/logs.ts";
import { RecordingBroker } from "../../../../../test/recording-broker.ts";
import { logPauses } from "../../../src/service/lister/pause-log.ts";
import { until } from "../../fakes.ts";

test("a pause of the lister is logged when it begins, with what waits, and when it ends", async () => {
  const [broker, log, leaving] = [new RecordingBroker(), new RecordingLog(), new AbortController()];
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
  await until("it is told", () => log.told.length === 1);
  const told = looks;
  await until("it looked again", () => looks > told + 2);
  pauses = [];
  await until("its end is told", () => log.told.length === 2);
  leaving.abort();
  await logging;
  assert.deepEqual(log.messages, ["info: listing pauses", "info: listing goes on"]);
  assert.deepEqual(log.told[0]?.fields.waiting, { files: 0, retry: 0, wait: 0, records: 2_000 });
});
