import assert from "node:assert/strict";
import { test } from "node:test";
import { FatalError } from "@brigade/core";
import { RecordingLog } from "../../../../../test/logs.ts";
import { ConnectionWatch } from "../../../src/rabbitmq/connecting/connection-watch.ts";
import { ConnectionRefused } from "../../../src/rabbitmq/connecting/refusal.ts";

test("a broker that accepted us before and refuses us now is waited for, with one line", () => {
  const log = new RecordingLog();
  const refusals: string[] = [];
  const watch = new ConnectionWatch(log, ({ message }) => refusals.push(message));
  const [sending, receiving] = [watch.watch(), watch.watch()];
  const refused = new ConnectionRefused("the broker at b refuses vhost x");
  receiving.down(refused);
  assert.deepEqual(refusals, [refused.message], "it never accepted this one");
  receiving.up();
  sending.up();
  log.take();
  for (let i = 0; i < 3; i++) for (const link of [sending, receiving]) link.down(refused);
  assert.deepEqual(log.take(), ["error: the broker refuses the connection now, trying again and again"]);
  assert.deepEqual(refusals, [refused.message]);
  sending.down(new FatalError("no right to a queue"));
  assert.equal(refusals.length, 2);
  sending.up();
  receiving.up();
  assert.deepEqual(log.take(), ["info: connected to the broker"]);
});

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
