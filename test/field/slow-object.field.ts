import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";
import { assertHoldsAll } from "../fleet/disks.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { reaches, until } from "../waiting.ts";

/** Batches of 64; the slow objects stand in the first ones. */
const files = { directories: 1, filesPerDirectory: 2_000, minSize: 500, maxSize: 3_000, seed: 21 };
/** Longer than any machine takes for all others; the test ends it. */
const slowMs = 300_000;
/** Each of the first batches in a downloader's hand contains one. */
const inHand = 4;

function slowObjects(keys: readonly string[], isReleased: () => boolean) {
  return Array.from({ length: inHand }, (_, n) => ({
    kind: "slow-body" as const,
    on: "get" as const,
    key: keys[n * 64 + 5] ?? "",
    overMs: slowMs,
    isReleased,
  }));
}

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

test("copy: all others come while a slow object in every batch in hand still comes", async (t) => {
  const tree = syntheticTree(files);
  const keys = [...objectsOf(tree)].map(({ key }) => key);
  let othersAreAskedFor = false;
  const faults = slowObjects(keys, () => othersAreAskedFor);
  await using bucket = await startBucket({ tree, faults });
  const volume = await temporaryFolder(t);
  const { finished } = startBrigade(["copy", "upyun://demo/", volume], {
    ...environmentFor(bucket),
    PREFETCH_BATCHES: String(inHand),
  });
  await reaches("all were asked for", () => bucket.counters.get, keys.length);
  othersAreAskedFor = true;
  const { code, stderr } = await finished;
  assert.equal(code, 0, stderr);
  await assertHolds([volume], bucket, keys);
  assert.equal(bucket.counters.get, keys.length);
});

test("fleet: all others are stored and reported while a slow object in every batch in hand still comes", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, syntheticTree(files), {
    PREFETCH_BATCHES: String(inHand),
  });
  let othersAreTold = false;
  bucket.setFaults(slowObjects(keys, () => othersAreTold));
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  const job = await fleet.start();
  const stored = async () => (await fleet.job(job))?.progress.stored.objects;
  await until("all others are told of", async () => (await stored()) === keys.length - inHand, slowMs);
  othersAreTold = true;
  assert.equal((await fleet.closed(job, 60_000)).state, "complete");
  await assertHoldsAll([fleet.volume("a")], bucket, keys);
  assert.equal(bucket.counters.get, keys.length);
});
