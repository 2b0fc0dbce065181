import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordingLog } from "../../../../../test/logs.ts";
import { ConnectionWatch } from "../../../src/rabbitmq/connecting/connection-watch.ts";

test("a broker that accepts no messages stays blocked while another connection is lost and found", () => {
  const log = new RecordingLog();
  const watch = new ConnectionWatch(log, (error) => assert.fail(error));
  const [sending, receiving] = [watch.watch(), watch.watch()];
  sending.up();
  receiving.up();
  sending.blocked("low on memory");
  receiving.down(new Error("reset"));
  assert.equal(watch.state, "connecting");
  receiving.up();
  assert.equal(watch.state, "blocked");
  log.take();
  sending.unblocked();
  assert.equal(watch.state, "connected");
  assert.deepEqual(log.take(), ["info: the broker accepts messages again"]);
  sending.blocked("low on memory");
  sending.down(new Error("reset"));
  sending.up();
  assert.equal(watch.state, "connected", "a new connection is not blocked until it is told");
});
