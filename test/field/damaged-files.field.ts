import assert from "node:assert/strict";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds, filesBelow } from "../e2e/disk.ts";

const keys = Array.from({ length: 60 }, (_, index) => `a/${index}.txt`);
const tree = explicitTree(keys.map((key) => [key, { size: 500 }]));

for (const how of ["found by a copy", "moved aside by verify --repair"]) {
  test(`a truncated file, ${how}, is fetched onto the volume that holds it`, async (t) => {
    await using bucket = await startBucket({ tree });
    const folder = await temporaryFolder(t);
    const volumes = [join(folder, "n1"), join(folder, "n2")];
    const run = (...args: readonly string[]) =>
      brigade(args, { ...environmentFor(bucket), BATCH_FILES: "2" });
    assert.equal((await run("copy", "upyun://demo/", ...volumes)).code, 0);
    const before = await Promise.all(volumes.map((volume) => filesBelow(join(volume, "demo"))));
    assert.ok(
      before.every((files) => files.length > 0),
      "both have some",
    );
    for (const [at, files] of before.entries())
      for (const file of files.slice(0, 3)) await truncate(join(volumes[at] ?? "", "demo", file), 100);
    if (how !== "found by a copy")
      assert.equal((await run("verify", ...volumes, "--repair", "--state-dir", volumes[0] ?? "")).code, 3);
    assert.equal((await run("copy", "upyun://demo/", ...volumes)).code, 0);
    const after = await Promise.all(volumes.map((volume) => filesBelow(join(volume, "demo"))));
    assert.deepEqual(
      after.map((files) => files.sort()),
      before.map((files) => files.sort()),
    );
    await assertHolds(volumes, bucket, keys);
    const verified = await run("verify", ...volumes);
    assert.equal(verified.code, 0, verified.stdout);
  });
}
