import assert from "node:assert/strict";
import { hostname } from "node:os";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bucket, syntheticTree } from "../bucket/index.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { place } from "./set-up.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const tree = syntheticTree({
  directories: 60,
  filesPerDirectory: 60,
  minSize: 100,
  maxSize: 20_000,
  seed: 18,
});

function requests({ counters }: Bucket): number {
  return counters.list + counters.get + counters.head + counters.domain;
}

/** Throws if a request comes within this time. */
async function isStill(bucket: Bucket, ms: number): Promise<void> {
  const before = requests(bucket);
  await sleep(ms);
  assert.equal(requests(bucket), before);
}

test("a paused fleet stays paused while its ledger is killed and comes back, and its job is not closed", async (t) => {
  const variables = { STALL_LIMIT_MS: "2000", OUTAGE_LIMIT_MS: "2000", FETCH_CONCURRENCY: "4" };
  const { fleet, bucket, keys } = await place(t, node, tree, variables, { latencyMs: 20 });
  const ledger = await fleet.ledger();
  const services = await Promise.all([fleet.lister(), fleet.downloader("a"), fleet.downloader("b")]);
  const job = await fleet.start();
  await until("it fetches", () => bucket.counters.get > 50);
  const paused = await fleet.run("pause", "demo", "--reason", "the line is needed");
  assert.equal(paused.code, 0, paused.stderr);
  assert.match(paused.stdout, /demo is paused: no request starts any more/);
  await sleep(1_000);
  await isStill(bucket, 3_000);
  const status = await fleet.run("status");
  assert.match(status.stdout, /paused by \S+@\S+ since .*: the line is needed/);
  await ledger.kill();
  await isStill(bucket, 3_000);
  await services[1]?.kill();
  await fleet.ledger();
  await fleet.downloader("a");
  await isStill(bucket, 12_000);
  await until("the ledger answers", async () => (await fleet.job(job)) !== undefined);
  assert.equal((await fleet.job(job))?.state, "open");
  assert.equal((await fleet.run("resume", "demo")).code, 0);
  const { state, progress } = await fleet.closed(job);
  assert.deepEqual([state, progress.stored.objects, progress.failed.objects], ["complete", keys.length, 0]);
  assert.doesNotMatch(fleet.lastLines(), /unwell|cannot go on/);
});

test("a drained host finishes what it has in hand and takes nothing more", async (t) => {
  const { fleet, bucket, keys } = await place(t, node, tree, { FETCH_CONCURRENCY: "4" }, { latencyMs: 20 });
  await fleet.ledger();
  await Promise.all([fleet.lister(), fleet.downloader("a")]);
  const job = await fleet.start();
  await until("it fetches", () => bucket.counters.get > 50);
  const drained = await fleet.run("drain", hostname(), "--reason", "it is moved");
  assert.equal(drained.code, 0, drained.stderr);
  assert.match(drained.stdout, /nothing is left in hand at/);
  await isStill(bucket, 2_000);
  const stored = (await fleet.job(job))?.progress.stored.objects ?? 0;
  assert.ok(stored < keys.length, `${stored} objects were stored`);
  assert.equal((await fleet.run("undrain", hostname())).code, 0);
  assert.equal((await fleet.closed(job)).state, "complete");
});
