import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { type DiskFault, faultyDisk } from "../disks/faulty-disk.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";

/*
 * Only the disk that fails in the middle of a run is given up; a limit of the process is not the
 * disk's fault.
 */

const small = Array.from({ length: 120 }, (_, index) => [`a/${index}.txt`, { size: 1000 + index }] as const);
const large = Array.from({ length: 6 }, (_, index) => [`b/${index}.bin`, { size: 3_000_000 }] as const);
const tree = explicitTree([...small, ...large]);
const keys = [...small, ...large].map(([key]) => key);

/** Copies onto two volumes, the second of which has these faults (`path` is below its root). */
async function copyOnto(
  t: TestContext,
  faults: readonly DiskFault[],
  {
    both = false,
    ...environment
  }: { readonly both?: boolean; readonly [name: string]: string | boolean } = {},
) {
  await using bucket = await startBucket({ tree, latencyMs: 5 });
  const [good, bad] = [await temporaryFolder(t), await temporaryFolder(t)];
  const state = await temporaryFolder(t);
  const made = await brigade(["volume", "init", good, bad]);
  assert.equal(made.code, 0, made.stderr);
  const onBad = faults.map((fault) => ({ ...fault, path: `${both ? "" : bad}/.brigade/${fault.path}` }));
  const finished = await brigade(["copy", "upyun://demo/", good, bad, "--state-dir", state], {
    ...environmentFor(bucket),
    ...(environment as Record<string, string>),
    BATCH_FILES: "2",
    ...faultyDisk(...onBad),
  });
  return { ...finished, bucket, volumes: [good, bad] as const };
}

for (const [what, faults] of [
  ["goes read-only", ["write", "create", "unlink", "rename", "mkdir"].map((call) => [call, "EROFS"])],
  ["fails", [["write", "EIO"]]],
  ["is unplugged", ["write", "create", "unlink", "rename", "mkdir", "sync"].map((call) => [call, "ENODEV"])],
  ["is lost by its file server", ["write", "create", "unlink", "rename"].map((call) => [call, "ESTALE"])],
] as const) {
  test(`a disk that ${what} in the middle of files is retired with one line, and the others store its work`, async (t) => {
    const broken = faults.map(([call, error]) => ({ call, error, path: "tmp", first: 6 }) as DiskFault);
    const { code, stderr, bucket, volumes } = await copyOnto(t, broken);
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/a volume is retired/g)?.length, 1, stderr);
    await assertHolds(volumes, bucket, keys);
  });
}

test("when all disks are read-only the last line names the cause, not a lack of room", async (t) => {
  const broken = ["write", "create", "unlink"].map(
    (call) => ({ call, error: "EROFS", path: "tmp", first: 25 }) as DiskFault,
  );
  const { code, stderr } = await copyOnto(t, broken, { both: true });
  assert.equal(code, 4, stderr);
  assert.match(stderr.trim().split("\n").at(-1) ?? "", /cannot go on: no volume can be written: .*read-only/);
});

test("a quota that is used up retires its disk until it has more room", async (t) => {
  const { code, stderr, bucket, volumes } = await copyOnto(t, [
    { call: "write", error: "EDQUOT", path: "tmp", first: 6 },
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/a volume is retired until it has more room/g)?.length, 1, stderr);
  await assertHolds(volumes, bucket, keys);
});

for (const [call, error, durability] of [
  ["create", "EMFILE", "group"],
  ["create", "ENFILE", "file"],
  ["write", "ENOMEM", "group"],
  ["write", "EAGAIN", "file"],
] as const) {
  test(`${error} is the process's, one line, and no disk is given up (${durability})`, async (t) => {
    const { code, stderr, bucket, volumes } = await copyOnto(
      t,
      [{ call, error, path: "tmp", first: 12, last: 30 }],
      { both: true, DURABILITY: durability },
    );
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /retired|failed/);
    assert.ok((stderr.match(/reached a limit/g)?.length ?? 0) <= 1, stderr);
    await assertHolds(volumes, bucket, keys);
  });
}
