import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bucket, explicitTree, startBucket } from "../bucket/index.ts";
import { type DiskFault, faultyDisk } from "../disks/faulty-disk.ts";
import { brigade, environmentFor, type Finished, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds, partFiles, temporaryFiles } from "../e2e/disk.ts";

/*
 * One object that a disk cannot hold fails alone. The disk, and all others, go on.
 */

const small = Array.from({ length: 40 }, (_, index) => [`a/${index}.txt`, { size: 1000 + index }] as const);
const keys = small.map(([key]) => key);

async function bucketWith(...more: readonly (readonly [string, { size?: number; modified?: number }])[]) {
  return await startBucket({ tree: explicitTree([...small, ...more]) });
}

interface Circumstances {
  readonly environment?: NodeJS.ProcessEnv;
  readonly faults?: readonly DiskFault[];
  /** A program that starts the command. */
  readonly through?: readonly string[];
}

/** Two volumes, so that the test notices if one is retired because of the object. */
async function copyTwo(
  t: TestContext,
  bucket: Bucket,
  { environment, faults = [], through }: Circumstances = {},
): Promise<Finished & { readonly volumes: readonly [string, string] }> {
  const volumes = [await temporaryFolder(t), await temporaryFolder(t)] as const;
  const finished = await brigade(
    ["copy", "upyun://demo/", ...volumes, "--json"],
    { ...environmentFor(bucket), ...environment, ...(faults.length > 0 && faultyDisk(...faults)) },
    undefined,
    through,
  );
  return { ...finished, volumes };
}

/** Fails unless that one object failed, for this reason, and nothing else happened. */
async function assertAlone(
  { code, stdout, stderr, volumes }: Finished & { readonly volumes: readonly [string, string] },
  bucket: Bucket,
  key: string,
  reason: RegExp,
): Promise<void> {
  assert.equal(code, 3, stderr);
  const { failed } = JSON.parse(stdout);
  assert.deepEqual(
    failed.map((one: { key: string }) => one.key),
    [key],
  );
  assert.match(failed[0].reason, reason);
  assert.doesNotMatch(stderr, /retired|no volume/);
  await assertHolds(volumes, bucket, keys);
  for (const volume of volumes) {
    assert.deepEqual(
      [await temporaryFiles(volume), await partFiles(volume)],
      [[], []],
      "nothing is left of it",
    );
  }
}

for (const [how, environment] of [
  ["in segments", {}],
  ["in one stream", { LARGE_OBJECT: "1GiB" }],
  ["in one stream, each file synced", { LARGE_OBJECT: "1GiB", DURABILITY: "file" }],
] as const) {
  test(`an object too large for the file system fails alone (${how})`, async (t) => {
    await using bucket = await bucketWith(["big.bin", { size: 80 * 1024 * 1024 }]);
    const through = ["bash", "-c", 'ulimit -f 65536; exec "$@"', "bash"];
    const copied = await copyTwo(t, bucket, { environment, through });
    await assertAlone(copied, bucket, "big.bin", /too large for the file system/);
  });
}

for (const [what, fault, reason] of [
  ["whose folder takes no more names", { call: "rename", error: "ENOSPC" }, /its folder takes no more names/],
  ["whose name the file system refuses", { call: "rename", error: "EINVAL" }, /EINVAL/],
  ["in whose place lies what may not be changed", { call: "rename", error: "EPERM" }, /immutable/],
  ["whose folder this user may not write", { call: "rename", error: "EACCES" }, /EACCES/],
  ["whose folder lies on another file system", { call: "rename", error: "EXDEV" }, /on another file system/],
] as const) {
  test(`an object ${what} fails alone`, async (t) => {
    await using bucket = await bucketWith(["b/one.txt", { size: 10 }]);
    const copied = await copyTwo(t, bucket, { faults: [{ ...fault, path: "=b/one.txt" }] });
    await assertAlone(copied, bucket, "b/one.txt", reason);
  });
}

test("an object whose folder cannot be made fails alone", async (t) => {
  await using bucket = await bucketWith(["b/c/one.txt", { size: 10 }]);
  const copied = await copyTwo(t, bucket, { faults: [{ call: "mkdir", error: "EMLINK", path: "=b/c" }] });
  await assertAlone(copied, bucket, "b/c/one.txt", /takes no more folders/);
});

test("modification times that a disk refuses are one warning for each volume, and stay in the manifest", async (t) => {
  await using bucket = await bucketWith();
  const { code, stderr, volumes } = await copyTwo(t, bucket, {
    environment: { BATCH_FILES: "1" },
    faults: [{ call: "utimes", error: "EPERM", path: ".brigade" }],
  });
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/does not keep some modification times/g)?.length, 2, stderr);
  await assertHolds(volumes, bucket, keys);
});

test("a date before 1970 or far ahead is kept, and the file is recognised without its catalogue", async (t) => {
  const dates = [-1, -1_000_000_000, 4_000_000_000];
  const old = dates.map((modified, index) => [`old/${index}.txt`, { size: 10, modified }] as const);
  await using bucket = await bucketWith(...old);
  const volume = await temporaryFolder(t);
  const run = async () => {
    const state = await temporaryFolder(t);
    return await brigade(
      ["copy", "upyun://demo/", volume, "--state-dir", state, "--json"],
      environmentFor(bucket),
    );
  };
  const first = await run();
  assert.equal(first.code, 0, first.stderr);
  for (const [key, { modified }] of old) {
    assert.equal((await stat(join(volume, "demo", key))).mtimeMs / 1000, modified, key);
  }
  const fetched = bucket.counters.get;
  const second = await run();
  assert.equal(second.code, 0, second.stderr);
  assert.equal(bucket.counters.get, fetched, "nothing was fetched again");
  assert.equal((await readdir(join(volume, "demo/old"))).length, dates.length);
});

test("on a file system that keeps removed files while they are open (FUSE, NFS), a volume is stored, tidy and verified", async (t) => {
  await using bucket = await bucketWith();
  const volume = await temporaryFolder(t);
  const fuse = faultyDisk({ call: "unlink", error: "hide", path: volume });
  const copied = await brigade(["copy", "upyun://demo/", volume], { ...environmentFor(bucket), ...fuse });
  assert.equal(copied.code, 0, copied.stderr);
  assert.doesNotMatch(copied.stderr, /tidy/);
  assert.deepEqual(await readdir(join(volume, ".brigade/tmp")), []);
  const verified = await brigade(["verify", volume], fuse);
  assert.equal(verified.code, 0, verified.stderr + verified.stdout);
  assert.ok(!(await readdir(join(volume, ".brigade"))).includes("verify"));
});
