import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bucket, syntheticTree } from "../bucket/index.ts";
import { startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import type { Fleet } from "./fleet.ts";
import { place } from "./set-up.ts";

/** More than comes in the time of the test: 2 GB. A busy machine brings more than the limits, too. */
const tree = syntheticTree({
  directories: 10,
  filesPerDirectory: 1_000,
  minSize: 200_000,
  maxSize: 200_000,
  seed: 5,
});
const seconds = 6;

async function limit(fleet: Fleet, ...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await fleet.run("limit", "demo", ...options);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Returns what the server sent per second, after a moment in which the change is obeyed. */
async function measured({ counters }: Bucket) {
  await sleep(1_500);
  const now = () => ({
    bytes: counters.bytes + counters.sending(),
    requests: counters.get + counters.domain,
    at: performance.now(),
  });
  const from = now();
  await sleep(seconds * 1_000);
  const to = now();
  const passed = (to.at - from.at) / 1_000;
  return { bytes: (to.bytes - from.bytes) / passed, requests: (to.requests - from.requests) / passed };
}

function assertHeld(value: number, wanted: number, what: string): void {
  assert.ok(Math.abs(value - wanted) <= 0.1 * wanted, `${what}: ${Math.round(value)}, not ${wanted}`);
}

test("a limit is held by three downloaders together, changed while they run, and when one is killed", {
  timeout: 240_000,
}, async (t) => {
  await using node = await startNode();
  const { bucket, fleet } = await place(t, node, tree);
  await fleet.ledger();
  await fleet.lister();
  const downloaders = await Promise.all([1, 2, 3].map((n) => fleet.downloader(`volume-${n}`)));
  await until("the ledger answers", async () => (await fleet.run("limit", "demo")).code === 0, 60_000);
  await limit(fleet, "--bandwidth", "5MB", "--reason", "office hours");
  assert.match(await limit(fleet), /demo: 5\.0 MB\/s, since .*, by .*: office hours/);
  await fleet.start();
  await until("all three fetch", () => bucket.counters.bytes > 5_000_000, 60_000);
  assertHeld((await measured(bucket)).bytes, 5_000_000, "bytes per second");
  await limit(fleet, "--bandwidth", "2MB");
  assertHeld((await measured(bucket)).bytes, 2_000_000, "bytes per second after the change");
  await downloaders[0]?.kill();
  const without = (await measured(bucket)).bytes;
  assert.ok(without <= 2_200_000, `${without} bytes per second after a kill`);
  await sleep(15_000);
  assertHeld((await measured(bucket)).bytes, 2_000_000, "bytes per second of the two that are left");
  await limit(fleet, "--requests", "15");
  assertHeld((await measured(bucket)).requests, 15, "requests per second");
  assert.match(await limit(fleet, "off"), /demo: no limit/);
  const free = (await measured(bucket)).bytes;
  assert.ok(free > 5_500_000, `${free} bytes per second without a limit`);
});
