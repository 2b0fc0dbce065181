import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Bucket,
  compositeTree,
  explicitTree,
  objectsOf,
  startBucket,
  syntheticTree,
} from "../bucket/index.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "./brigade.ts";
import { assertHolds, partFiles, temporaryFiles } from "./disk.ts";

const mib = 1024 * 1024;
const small = { LARGE_OBJECT: String(4 * mib), LOG_LEVEL: "info" };

/** Bytes that contain their own position, so that a mix of them would be found. */
function bytes(size: number, seed: number): Buffer {
  const words = new Uint32Array(size / 4);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed, 0x9e3779b1);
  return Buffer.from(words.buffer);
}

const one = (size: number) => explicitTree([["film.mp4", { bytes: bytes(size, 1) }]]);
const keysOf = (bucket: Bucket) => [...objectsOf(bucket.tree)].map(({ key }) => key);

const sent = ({ counters }: Bucket) => counters.bytes + counters.sending();

/**
 * Bytes of headers, of listings, and under way when a connection is given up: few beside a large
 * object.
 */
const overhead = 256 * 1024;

/** Returns the number of bytes that are safe by the part's notes. */
async function savedBytes(volume: string): Promise<number> {
  const names = await partFiles(volume).catch(() => []);
  const notes = names.find((name) => name.endsWith(".json"));
  if (notes === undefined) return 0;
  const { finished } = JSON.parse(await readFile(join(volume, ".brigade", "parts", notes), "utf8"));
  return finished.reduce((sum: number, [from, to]: [number, number]) => sum + to - from, 0);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Starts the command and kills it when the server has sent this number of further bytes. */
async function killAfter(bucket: Bucket, more: number, args: string[], environment: NodeJS.ProcessEnv) {
  const { child, finished } = startBrigade(args, environment);
  const ranges = bucket.counters.ranges;
  const goal = sent(bucket) + more;
  let ended = false;
  void once(child, "exit").then(() => {
    ended = true;
  });
  await until(() => ended || (bucket.counters.ranges > ranges && sent(bucket) >= goal));
  assert.ok(!ended, "the run ended before it could be killed");
  child.kill("SIGKILL");
  await finished;
}

test("large objects come in ranges, beside small ones, by the store and by its domain", async (t) => {
  for (const by of ["rest", "domain"] as const) {
    const large = ["a.bin", "films/b.bin", "films/c.bin"];
    const tree = compositeTree(
      syntheticTree({ directories: 4, filesPerDirectory: 50, minSize: 500, maxSize: 30_000, seed: 3 }),
      explicitTree(large.map((key, index) => [key, { bytes: bytes(12 * mib + 4 * index, index) }])),
    );
    await using bucket = await startBucket({ tree });
    const volume = await temporaryFolder(t);
    const { code, stdout, stderr } = await brigade(["copy", "upyun://demo/", volume, "--json"], {
      ...environmentFor(bucket, by),
      ...small,
    });
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).counts.stored.objects, 203);
    await assertHolds([volume], bucket, keysOf(bucket));
    assert.ok(bucket.counters.ranges >= 3 * 5, `only ${bucket.counters.ranges} ranges were asked for`);
    assert.deepEqual(await partFiles(volume), []);
    assert.deepEqual(await temporaryFiles(volume), []);
    if (by === "domain") continue;
    const verified = await brigade(["verify", volume]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  }
});

test("killed three times within a large object, a run fetches nothing again that it had saved", async (t) => {
  const size = 32 * mib;
  await using bucket = await startBucket({ tree: one(size), pace: 2 * mib });
  const volume = await temporaryFolder(t);
  const environment = { ...environmentFor(bucket), ...small };
  const args = ["copy", "upyun://demo/", volume, "--json"];
  for (let kill = 0; kill < 3; kill++) {
    const [saved, before] = [await savedBytes(volume), sent(bucket)];
    await killAfter(bucket, 7 * mib, args, environment);
    assert.ok((await savedBytes(volume)) > saved, "nothing was saved");
    t.diagnostic(`${sent(bucket) - before} bytes sent, ${(await savedBytes(volume)) - saved} saved`);
  }
  const [saved, before] = [await savedBytes(volume), sent(bucket)];

  const { code, stderr } = await brigade(args, environment);

  assert.equal(code, 0, stderr);
  assert.match(stderr, /going on with a large object/);
  await assertHolds([volume], bucket, ["film.mp4"]);
  assert.deepEqual(await partFiles(volume), []);
  assert.ok(sent(bucket) - before <= size - saved + overhead, `${sent(bucket) - before} bytes for the rest`);
});

test("a signal within a large object keeps what came; the next run goes on with it", async (t) => {
  const size = 16 * mib;
  await using bucket = await startBucket({ tree: one(size), pace: 4 * mib });
  const volume = await temporaryFolder(t);
  const environment = { ...environmentFor(bucket), ...small, SHUTDOWN_GRACE_MS: "0" };
  const { child, finished } = startBrigade(["copy", "upyun://demo/", volume], environment);
  await until(() => sent(bucket) > 8 * mib);
  child.kill("SIGINT");
  assert.equal((await finished).code, 130);
  const [saved, before] = [await savedBytes(volume), sent(bucket)];
  assert.ok(saved > 6 * mib, `only ${saved} bytes were kept`);
  const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], environment);
  assert.equal(code, 0, stderr);
  await assertHolds([volume], bucket, ["film.mp4"]);
  assert.ok(sent(bucket) - before <= size - saved + overhead, `${sent(bucket) - before} bytes for the rest`);
});

test("a large object is fetched whole from a store that allows one request at a time for it, or no ranges", async (t) => {
  for (const ranges of [1, 0, "ignored"] as const) {
    await using bucket = await startBucket({ tree: one(12 * mib), ranges, pace: 40 * mib });
    const volume = await temporaryFolder(t);
    const { code, stderr } = await brigade(["copy", "upyun://demo/", volume], {
      ...environmentFor(bucket),
      ...small,
    });
    assert.equal(code, 0, stderr);
    await assertHolds([volume], bucket, ["film.mp4"]);
    assert.deepEqual(await partFiles(volume), []);
    assert.equal(/it is fetched in one stream/.test(stderr), ranges !== 1, stderr);
    if (ranges === 1) assert.ok(bucket.counters.ranges > 3, "ranges were given up");
    assert.ok(bucket.counters.crowded < 10, `${bucket.counters.crowded} requests were one too many`);
  }
});

test("an object overwritten while it is fetched is stored as it is now, never mixed", async (t) => {
  const size = 16 * mib;
  const newer = { bytes: bytes(size, 77), modified: 1_700_000_000 };
  // One range comes after the other: later ranges are of the newer object.
  await using bucket = await startBucket({ tree: one(size), ranges: 1, pace: 8 * mib });
  const volume = await temporaryFolder(t);
  const { finished } = startBrigade(["copy", "upyun://demo/", volume, "--json"], {
    ...environmentFor(bucket),
    ...small,
  });
  await until(() => bucket.counters.sending() > mib);
  bucket.put("film.mp4", newer);
  const { code, stdout, stderr } = await finished;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /overwritten while it was fetched/);
  assert.equal(JSON.parse(stdout).counts.stored.objects, 1);
  await assertHolds([volume], bucket, ["film.mp4"]);
  assert.equal((await stat(join(volume, "demo", "film.mp4"))).mtimeMs, newer.modified * 1000);
  assert.deepEqual(await partFiles(volume), []);
});

test("after a restart an object goes on on the volume that holds its part", async (t) => {
  const size = 16 * mib;
  await using bucket = await startBucket({ tree: one(size), pace: 4 * mib });
  const folder = await temporaryFolder(t);
  const [first, second, state] = ["first", "second", "state"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [first, second, state]) await mkdir(path);
  const environment = { ...environmentFor(bucket), ...small, STATE_DIR: state };
  // The first volume named is the one that would be taken otherwise.
  await killAfter(bucket, 8 * mib, ["copy", "upyun://demo/", second], environment);
  const [saved, before] = [await savedBytes(second), sent(bucket)];
  assert.ok(saved > 0);
  const { code, stderr } = await brigade(["copy", "upyun://demo/", first, second], environment);
  assert.equal(code, 0, stderr);
  await assertHolds([second], bucket, ["film.mp4"]);
  assert.ok(sent(bucket) - before <= size - saved + overhead, `${sent(bucket) - before} bytes for the rest`);
});
