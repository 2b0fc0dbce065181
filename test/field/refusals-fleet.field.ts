import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const tree = syntheticTree({ directories: 10, filesPerDirectory: 50, minSize: 10, maxSize: 99, seed: 7 });

test("refused objects fail in a fleet, also when they are tried again by a downloader that has just started", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, tree, { MAX_ATTEMPTS: "2" });
  bucket.setFaults(keys.slice(0, 3).map((key) => ({ kind: "403", on: "get", key })));
  await fleet.ledger();
  await fleet.lister();
  const first = await fleet.downloader("a");
  const job = await fleet.start();
  const { progress } = await fleet.closed(job);
  assert.deepEqual([progress.stored.objects, progress.failed.objects], [keys.length - 3, 3]);
  await first.drain();
  const second = await fleet.downloader("a");
  const { code, stderr } = await fleet.run("retry", "demo");
  assert.equal(code, 0, stderr);
  await until("they have failed again", async () => (await fleet.job(job))?.state !== "open", 60_000);
  assert.equal((await fleet.job(job))?.progress.failed.objects, 3);
  assert.ok(!second.log.some(({ msg }) => /pauses/.test(msg)));
});

test("a service whose every request is refused pauses, says why, and goes on when an object comes", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, tree);
  bucket.setFaults([{ kind: "403", on: "get" }]);
  await fleet.ledger();
  await fleet.lister();
  const downloader = await fleet.downloader("a");
  const job = await fleet.start();
  const pause = () =>
    downloader.log.find(({ msg }) => msg === "fetching pauses: the source refuses everything");
  await until("it pauses", async () => pause() !== undefined, 60_000);
  assert.match(String(pause()?.reason), /refused the first 200 objects, and gave none/);
  assert.ok(bucket.counters.get < 400, `${bucket.counters.get} requests`);
  bucket.setFaults([]);
  const { progress } = await fleet.closed(job);
  assert.deepEqual([progress.stored.objects, progress.failed.objects], [keys.length, 0]);
});

test("objects that are refused fail on a host whose disk is new, since one that the fleet stored before still comes", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, tree);
  await fleet.ledger();
  await fleet.lister();
  const first = await fleet.downloader("a");
  await until("the ledger answers", async () => {
    const { code } = await fleet.run("start", "demo", "--include", "d0/**", "--wait");
    return code === 0;
  });
  await first.drain();
  const refused = keys.filter((key) => !key.startsWith("d0/"));
  bucket.setFaults(refused.map((key) => ({ kind: "403", on: "get", key })));
  const second = await fleet.downloader("b");
  const began = performance.now();
  const job = await fleet.start();
  const { progress } = await fleet.closed(job, 60_000);
  assert.deepEqual([progress.stored.objects, progress.failed.objects], [0, refused.length]);
  assert.ok(performance.now() - began < 30_000, "it takes seconds");
  assert.ok(!second.log.some(({ msg }) => /pauses/.test(msg)));
});
