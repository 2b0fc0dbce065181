import assert from "node:assert/strict";
import { test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { faultyDisk } from "../disks/faulty-disk.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";

/*
 * A disk that has less room than its file system reports: a quota, or FUSE without `statfs`.
 */

const small = Array.from({ length: 500 }, (_, index) => [`b/${index}.txt`, { size: 1000 + index }] as const);
const keys = small.map(([key]) => key);

for (const place of ["a", "c"]) {
  test(`an object larger than the quota (its directory is ${place}) fails alone; 500 smaller ones are stored`, async (t) => {
    const size = 40 * 1024 * 1024;
    await using bucket = await startBucket({
      tree: explicitTree([[`${place}/big.bin`, { size }], ...small]),
    });
    const volume = await temporaryFolder(t);
    // The small files are written at once, a large one step by step.
    const quota = faultyDisk({ call: "write", error: "EDQUOT", path: "/.brigade/tmp/" });
    const { code, stderr, stdout } = await brigade(["copy", "upyun://demo/", volume, "--json"], {
      ...environmentFor(bucket),
      ...quota,
      FAULTS_FROM: String(20 * 1024 * 1024),
    });
    assert.equal(code, 3, stderr);
    const { failed } = JSON.parse(stdout);
    assert.deepEqual(
      failed.map(({ key }: { key: string }) => key),
      [`${place}/big.bin`],
    );
    assert.match(failed[0].reason, /no volume has room for its 41943040 bytes/);
    assert.equal(stderr.match(/EDQUOT.*quota.*nothing so large/g)?.length, 1, stderr);
    await assertHolds([volume], bucket, keys);
  });
}

test("a quota that small objects have used up is named in the last line, exit 4, and the same command goes on", async (t) => {
  await using bucket = await startBucket({ tree: explicitTree(small) });
  const volume = await temporaryFolder(t);
  const run = (environment: NodeJS.ProcessEnv) =>
    brigade(["copy", "upyun://demo/", volume], {
      ...environmentFor(bucket),
      BATCH_FILES: "10",
      ...environment,
    });
  const quota = faultyDisk({ call: "create", error: "EDQUOT", path: "/.brigade/tmp/", first: 200 });
  const full = await run(quota);
  assert.equal(full.code, 4, full.stderr);
  assert.match(full.stderr.trim().split("\n").at(-1) ?? "", /no volume has room.*EDQUOT.*quota/);
  const copied = await run({});
  assert.equal(copied.code, 0, copied.stderr);
  await assertHolds([volume], bucket, keys);
});

test("a file system that does not report its room is used, without MIN_FREE", async (t) => {
  await using bucket = await startBucket({ tree: explicitTree(small) });
  const volume = await temporaryFolder(t);
  const silent = faultyDisk({ call: "statfs", error: "zeros", path: volume });
  const environment = { ...environmentFor(bucket), ...silent, MIN_FREE: "5%" };
  const copied = await brigade(["copy", "upyun://demo/", volume], environment);
  assert.equal(copied.code, 0, copied.stderr);
  await assertHolds([volume], bucket, keys);
  const doctor = await brigade(["doctor", "upyun://demo/", volume], environment);
  assert.match(doctor.stdout, /an unknown number of bytes free/);
});
