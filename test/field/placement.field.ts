import assert from "node:assert/strict";
import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { loopDisk } from "../disks/loop-disk.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";

const mib = 1024 * 1024;
/** 470 MB for three disks of 200 MB, each of which keeps 8 MB free. */
const entries = Array.from(
  { length: 940 },
  (_, index) => [`d${index % 9}/${index}.bin`, { size: 500_000 }] as const,
);
const tree = explicitTree(entries);
const keys = entries.map(([key]) => key);
const minFree = 8 * mib;

/** Free bytes of the file system below. */
function freeOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

async function copyOnto(t: TestContext, volumes: readonly string[], policy: string) {
  await using bucket = await startBucket({ tree });
  const state = await temporaryFolder(t);
  for (const volume of volumes) mkdirSync(volume, { recursive: true });
  const made = await brigade(["volume", "init", ...volumes]);
  assert.equal(made.code, 0, made.stderr);
  const { code, stderr } = await brigade(["copy", "upyun://demo/", ...volumes, "--state-dir", state], {
    ...environmentFor(bucket),
    PLACEMENT: policy,
    MIN_FREE: String(minFree),
    BATCH_FILES: "8",
  });
  assert.equal(code, 0, stderr);
  await assertHolds(volumes, bucket, keys);
}

for (const policy of ["most-free", "fill-in-order", "round-robin"]) {
  test(`disks that are hardly enough are filled down to their floor by ${policy}, and no object fails`, async (t) => {
    const disks = [1, 2, 3].map(() => loopDisk(t, { sizeMib: 200, backingMib: 220 }));
    await copyOnto(
      t,
      disks.map(({ root }) => join(root, "volume")),
      policy,
    );
    const free = disks.map(({ root }) => freeOn(root));
    for (const bytes of free) assert.ok(bytes >= minFree, `${free.join(", ")} bytes are free`);
    if (policy === "fill-in-order")
      assert.ok((free[0] ?? 0) < 2 * minFree && (free[2] ?? 0) > 3 * minFree, free.join(", "));
  });
}

test("two volumes on one disk share its room: the floor is kept", async (t) => {
  const disks = [1, 2].map(() => loopDisk(t, { sizeMib: 300, backingMib: 320 }));
  const [first, second] = disks.map(({ root }) => root);
  await copyOnto(t, [join(first ?? "", "a"), join(first ?? "", "b"), join(second ?? "", "c")], "round-robin");
  for (const { root } of disks) assert.ok(freeOn(root) >= minFree, `${freeOn(root)} bytes are free`);
});
