import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";

/*
 * Open files that are taken away in the middle of a run are a limit of the process: neither the source's fault nor a disk's.
 */

for (const [durability, fewer] of [
  ["group", 20],
  ["file", 55],
] as const) {
  test(`a copy with ${fewer} open files fewer than it has goes on with less at once, in one line (${durability})`, async (t) => {
    const tree = syntheticTree({ directories: 20, filesPerDirectory: 100, minSize: 2_000, maxSize: 20_000 });
    await using bucket = await startBucket({ tree, latencyMs: 60 });
    const volume = await temporaryFolder(t);
    const { child, finished } = startBrigade(["copy", "upyun://demo/", volume], {
      ...environmentFor(bucket),
      DURABILITY: durability,
    });
    const ended = finished.then(() => true);
    while (bucket.counters.get < 300 && !(await Promise.race([ended, sleep(20, false)])));
    const limit = readdirSync(`/proc/${child.pid}/fd`).length - fewer;
    execFileSync("prlimit", ["--pid", String(child.pid), `--nofile=${limit}:${limit}`]);
    const { code, stderr } = await finished;
    assert.equal(code, 0, stderr);
    assert.equal(
      stderr.match(/reached a limit: less is done at once.*EMFILE|EMFILE.*reached a limit/g)?.length,
      1,
      stderr,
    );
    assert.doesNotMatch(stderr, /unwell|retired|object failed/);
    await assertHolds(
      [volume],
      bucket,
      objectsOf(bucket.tree).map(({ key }) => key),
    );
  });
}
