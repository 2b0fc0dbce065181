import assert from "node:assert/strict";
import { test } from "node:test";
import { type FaultKind, objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "./brigade.ts";
import { assertHolds, temporaryFiles } from "./disk.ts";

const shape = { directories: 50, filesPerDirectory: 100, minSize: 1_000, maxSize: 20_000, seed: 11 };
const share = (kinds: readonly FaultKind[], on: "get" | "domain" | "list", probability = 0.03) =>
  kinds.map((kind) => ({ kind, on, probability }));

test("a bucket that misbehaves in every way is copied whole", async (t) => {
  const tree = syntheticTree(shape);
  const bodies = ["500", "503", "429", "reset", "truncated", "wrong-bytes"] as const;
  const listings = ["500", "html", "no-cursor", "repeated-cursor", "cut-row"] as const;
  await using bucket = await startBucket({
    tree,
    faults: [...share(bodies, "get"), ...share(listings, "list"), ...share(["stalled-body"], "get", 0.005)],
  });
  const volume = await temporaryFolder(t);
  const started = performance.now();

  const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], {
    ...environmentFor(bucket),
    LIST_PAGE_SIZE: "40",
    SILENCE_TIMEOUT_MS: "3000",
  });

  assert.equal(code, 0, stderr);
  assert.ok(performance.now() - started < 180_000, "it took more than three minutes");
  await assertHolds(
    [volume],
    bucket,
    [...objectsOf(tree)].map(({ key }) => key),
  );
  assert.deepEqual(await temporaryFiles(volume), []);
});

test("vanished objects are counted apart from failed ones", async (t) => {
  const tree = syntheticTree(shape);
  const keys = [...objectsOf(tree)].map(({ key }) => key);
  const every = (n: number, from: number) => keys.filter((_, index) => index % 97 === from).slice(0, n);
  const vanished = every(20, 3);
  const forbidden = every(10, 50);
  for (const by of ["rest", "domain"] as const) {
    await using bucket = await startBucket({ tree, vanished, forbidden });
    const volume = await temporaryFolder(t);

    const { code, stdout } = await brigade(
      ["copy", "upyun://demo/", volume, "--json"],
      environmentFor(bucket, by),
    );

    assert.equal(code, 3);
    const report = JSON.parse(stdout);
    assert.deepEqual(report.failed.map(({ key }: { key: string }) => key).sort(), [...forbidden].sort());
    assert.deepEqual([...report.vanished].sort(), [...vanished].sort());
    const gone = new Set([...vanished, ...forbidden]);
    await assertHolds(
      [volume],
      bucket,
      keys.filter((key) => !gone.has(key)),
    );
  }
});

test("an outage pauses the run, which sends few requests then, and goes on by itself when the source comes back", async (t) => {
  const tree = syntheticTree({ ...shape, directories: 20 });
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const { child, finished } = startBrigade(["copy", "upyun://demo/", volume, "--log-level", "warn"], {
    ...environmentFor(bucket),
    FETCH_CONCURRENCY: "4",
  });
  while (bucket.counters.get < 100) await new Promise((resolve) => setTimeout(resolve, 5));
  await bucket.setOutage("status");
  await new Promise<void>((resolve) => {
    child.stderr?.on("data", (text) => String(text).includes("fetching pauses") && resolve());
  });
  const asked = bucket.counters.outage;
  assert.ok(asked <= 40, `${asked} requests until it paused`);
  await bucket.setOutage("off");

  const { code, stderr } = await finished;

  assert.equal(code, 0, stderr);
  assert.equal(
    stderr.match(/pauses: the source is unwell/g)?.length,
    stderr.match(/goes on: the source/g)?.length,
  );
  await assertHolds(
    [volume],
    bucket,
    [...objectsOf(tree)].map(({ key }) => key),
  );
});

test("credentials that are refused in mid-run end it soon with exit code 4, and nothing is called failed", async (t) => {
  const tree = syntheticTree({ ...shape, directories: 20 });
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const environment = { ...environmentFor(bucket), FETCH_CONCURRENCY: "4" };
  const { finished } = startBrigade(["copy", "upyun://demo/", volume], environment);
  while (bucket.counters.get < 100) await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  bucket.setPassword("changed");

  const { code, stderr } = await finished;

  assert.equal(code, 4, stderr);
  assert.ok(performance.now() - began < 20_000, "it took more than 20 s");
  assert.match(stderr, /cannot go on:.*UPYUN_PASSWORD/);
  bucket.setPassword("password");
  const again = await brigade(["copy", "upyun://demo/", volume, "--json"], environment);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(JSON.parse(again.stdout).counts.failed.objects, 0);
});

test("a source that stays away ends the run with exit code 4, and nothing is called failed", async (t) => {
  const tree = syntheticTree({ ...shape, directories: 20 });
  await using bucket = await startBucket({ tree });
  const volume = await temporaryFolder(t);
  const environment = { ...environmentFor(bucket), FETCH_CONCURRENCY: "4" };
  const { finished } = startBrigade(["copy", "upyun://demo/", volume], {
    ...environment,
    OUTAGE_LIMIT_MS: "3000",
  });
  while (bucket.counters.get < 100) await new Promise((resolve) => setTimeout(resolve, 5));
  await bucket.setOutage("status");

  const { code, stderr } = await finished;

  assert.equal(code, 4, stderr);
  assert.match(stderr, /cannot go on: the source has not recovered for 3 s/);
  await bucket.setOutage("off");
  const again = await brigade(["copy", "upyun://demo/", volume, "--json"], environment);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(JSON.parse(again.stdout).counts.failed.objects, 0);
});
