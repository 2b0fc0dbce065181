import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RecordingLog } from "../../../../../test/logs.ts";
import { RecordingBroker } from "../../../../../test/recording-broker.ts";
import { OtherLedger } from "../../../src/service/ledger/other-ledger.ts";
import { until } from "../../fakes.ts";

describe("a ledger beside another one", () => {
  /** Looks every millisecond; `looked` waits for some more looks. */
  function watched() {
    const broker = new RecordingBroker();
    const log = new RecordingLog();
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

  test("warns once of queued work whose job is not in the catalogue, until records arrive", async () => {
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
    assert.match(one.log.messages[0] ?? "", /^warn: another ledger is at work/);
    one.state.mayHaveWork = true;
    one.state.received = 1;
    await one.looked();
    assert.equal(one.other.isAtWork, false);
    assert.equal(one.log.messages.length, 2);
  });

  test("is noticed by records that wait and do not come to it", async () => {
    await using one = watched();
    one.state.mayHaveWork = true;
    one.broker.depths.set("records", 5);
    await one.looked();
    assert.equal(one.other.isAtWork, true);
  });

  test("is not suspected for records that wait while this one is busy, nor for work of its own job", async () => {
    await using one = watched();
    one.state.mayHaveWork = true;
    one.state.inHand = 512;
    one.broker.depths.set("records", 5);
    one.broker.depths.set("directories", 5);
    await one.looked();
    assert.deepEqual([one.other.isAtWork, one.log.messages], [false, []]);
  });
});
