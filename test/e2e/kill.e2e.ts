import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { randomOf } from "../random.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "./brigade.ts";
import { assertHolds, temporaryFiles } from "./disk.ts";

const kills = 20;
const batch = 64;
const batchesInHand = 4;

test("killed twenty times, a run goes on where it was and ends whole", async (t) => {
  const tree = syntheticTree({
    directories: 60,
    filesPerDirectory: 500,
    minSize: 500,
    maxSize: 30_000,
    seed: 5,
  });
  const keys = [...objectsOf(tree)].map(({ key }) => key);
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const environment = {
    ...environmentFor(bucket),
    PREFETCH_BATCHES: String(batchesInHand),
    LIST_PAGE_SIZE: "100",
  };
  const chance = randomOf(42);
  let killed = 0;
  while (killed < kills) {
    const { child, finished } = startBrigade(["copy", "upyun://demo/", volume], environment);
    const requests = bucket.counters.get + bucket.counters.list + Math.floor(chance() * 1_200);
    let ended = false;
    void once(child, "exit").then(() => {
      ended = true;
    });
    // The moment is a number of requests, so that the kill comes in mid-work on slow machines as
    // well.
    while (!ended && bucket.counters.get + bucket.counters.list < requests) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (ended) break;
    child.kill("SIGKILL");
    await finished;
    killed++;
  }
  assert.equal(killed, kills, "the run ended before it could be killed often enough");

  const { code, stdout, stderr } = await brigade(["copy", "upyun://demo/", volume, "--json"], environment);

  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).counts.stored.objects, keys.length);
  await assertHolds([volume], bucket, keys);
  assert.deepEqual(await temporaryFiles(volume), []);
  const again = bucket.counters.get - keys.length;
  assert.ok(again <= kills * batchesInHand * batch, `${again} objects were fetched again`);
  const pages = keys.length / 100 + 61;
  assert.ok(
    bucket.counters.list < pages + kills * 40,
    `${bucket.counters.list} pages were listed, of ${pages}`,
  );
});

test("a signal lets work in hand finish; the next run goes on", async (t) => {
  const tree = syntheticTree({
    directories: 20,
    filesPerDirectory: 200,
    minSize: 500,
    maxSize: 9_000,
    seed: 6,
  });
  const keys = [...objectsOf(tree)].map(({ key }) => key);
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const { child, finished } = startBrigade(["copy", "upyun://demo/", volume], environmentFor(bucket));
    const before = bucket.counters.get;
    while (bucket.counters.get < before + 500) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill(signal);
    const { code, stderr } = await finished;
    assert.equal(code, 130, stderr);
    assert.deepEqual(await temporaryFiles(volume), []);
  }
  const { code } = await brigade(["copy", "upyun://demo/", volume], environmentFor(bucket));
  assert.equal(code, 0);
  await assertHolds([volume], bucket, keys);
  assert.ok(
    bucket.counters.get <= keys.length + 64,
    `${bucket.counters.get - keys.length} objects were fetched again`,
  );
});

test("a second signal ends a copy at once, and nothing is lost", async (t) => {
  const tree = syntheticTree({
    directories: 10,
    filesPerDirectory: 200,
    minSize: 500,
    maxSize: 9_000,
    seed: 8,
  });
  await using bucket = await startBucket({
    tree,
    faults: [{ kind: "stalled-body", on: "get", probability: 0.2 }],
  });
  const volume = await temporaryFolder(t);
  // More than stall among the first hundred: otherwise the next ones come after a timeout only.
  const environment = { ...environmentFor(bucket), FETCH_CONCURRENCY: "64" };
  const { child, finished } = startBrigade(["copy", "upyun://demo/", volume], environment);
  while (bucket.counters.get < 100) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGINT");
  await once(child.stderr ?? child, "data");
  child.kill("SIGINT");
  const { code } = await finished;
  assert.equal(code, 130);
  bucket.setFaults([]);
  const again = await brigade(["copy", "upyun://demo/", volume], environmentFor(bucket));
  assert.equal(again.code, 0, again.stderr);
  await assertHolds(
    [volume],
    bucket,
    [...objectsOf(tree)].map(({ key }) => key),
  );
});
