import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { addVirtualHost, type Place, place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

/** 12 directories in 3, with several pages each. */
const shape = { directories: 12, filesPerDirectory: 60, minSize: 100, maxSize: 900, depth: 2 };
const settings = { LIST_PAGE_SIZE: "20", BATCH_FILES: "8", LIST_CONCURRENCY: "2", FETCH_CONCURRENCY: "8" };

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

async function brokerLosesItsData({ amqpUrl }: Place): Promise<void> {
  await node.loseData();
  await addVirtualHost(node, new URL(amqpUrl).pathname.slice(1));
}

/** Directories whose objects all have an outcome, and how often each was listed. */
async function doneDirectories({ fleet, bucket }: Place, job: string): Promise<Map<string, number>> {
  const rows = await fleet.directories(job);
  const done = rows.filter(
    ({ state, listed, stored }) => state === "done" && listed.objects === stored.objects,
  );
  return new Map(done.map(({ directory }) => [directory, bucket.listings(directory)]));
}

/** Runs `start --again`, and returns what it says. */
async function goOn({ fleet }: Place, job: string): Promise<{ stderr: string; directories: number }> {
  const { code, stdout, stderr } = await fleet.run("start", "demo", "--again", "--json");
  assert.equal(code, 0, stderr);
  const { job: same, again } = JSON.parse(stdout);
  assert.equal(same, job);
  return { stderr, directories: again.directories };
}

async function setUp(t: TestContext, seed: number, latencyMs: number) {
  const made = await place(t, node, syntheticTree({ ...shape, seed }), settings, { latencyMs });
  await made.fleet.ledger();
  const lister = await made.fleet.lister();
  const downloader = await made.fleet.downloader("a");
  return { ...made, lister, downloader };
}

test("start --again lists the directories with open objects only, and fetches nothing that is stored", async (t) => {
  const made = await setUp(t, 41, 0);
  const { fleet, bucket, keys } = made;
  const slow = [keys[5] ?? "", keys[70] ?? ""];
  bucket.setFaults(slow.map((key) => ({ kind: "slow-body", on: "get", key, overMs: 600_000 })));
  const job = await fleet.start();
  await until("all but the slow ones are stored", async () => {
    return (await fleet.job(job))?.progress.stored.objects === keys.length - slow.length;
  });
  await until("all is listed", async () => {
    const { directories } = (await fleet.job(job))?.progress ?? {};
    return directories?.known === directories?.done;
  });
  await made.downloader.kill();
  await brokerLosesItsData(made);
  bucket.setFaults([]);
  await fleet.downloader("a");
  const done = await doneDirectories(made, job);
  const fetches = new Map(keys.map((key) => [key, bucket.fetches(key)]));
  await until("status tells what to do", async () =>
    /the broker has lost this job's messages: .*`brigade start demo --again` goes on/.test(
      (await fleet.run("status", "demo")).stdout,
    ),
  );
  const refused = await fleet.run("start", "demo");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /is still open.*`brigade start demo --again` goes on/);
  const { directories } = await goOn(made, job);
  assert.equal(directories, 2);
  const { state, progress } = await fleet.closed(job, 60_000);
  assert.deepEqual([state, progress.listed.objects], ["complete", keys.length]);
  for (const [directory, listings] of done) assert.equal(bucket.listings(directory), listings, directory);
  for (const [key, before] of fetches)
    assert.equal(bucket.fetches(key), before + Number(slow.includes(key)), key);
});

test("a broker that loses its data in the midst of listing and fetching: the job is completed, and again changes nothing", async (t) => {
  const made = await setUp(t, 42, 150);
  const { fleet, bucket, keys } = made;
  const job = await fleet.start();
  await until("some is stored", async () => {
    return ((await fleet.job(job))?.progress.stored.objects ?? 0) > keys.length / 3;
  });
  await brokerLosesItsData(made);
  const whileAway = await doneDirectories(made, job);
  const { stderr } = await goOn(made, job);
  assert.match(stderr, /directories are listed again or on/);
  const twice = await goOn(made, job);
  assert.match(twice.stderr, /nothing was changed|no message .* is missing|is complete/);
  const { state, progress } = await fleet.closed(job, 120_000);
  assert.deepEqual([state, progress.listed.objects, progress.failed.objects], ["complete", keys.length, 0]);
  for (const [directory, listings] of whileAway)
    assert.equal(bucket.listings(directory), listings, directory);
  const third = await goOn(made, job);
  assert.match(third.stderr, /is complete: nothing is missing/);
});

test("start --again changes nothing while the broker has its data", async (t) => {
  const made = await setUp(t, 43, 100);
  const { fleet, bucket, keys } = made;
  const job = await fleet.start();
  await until("some is stored", async () => ((await fleet.job(job))?.progress.stored.objects ?? 0) > 20);
  const { stderr, directories } = await goOn(made, job);
  assert.equal(directories, 0);
  assert.match(stderr, /is at work \(.*\): nothing was changed/);
  const { state } = await fleet.closed(job, 120_000);
  assert.equal(state, "complete");
  for (const key of keys) assert.equal(bucket.fetches(key), 1, key);
});
