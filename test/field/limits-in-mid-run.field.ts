import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";

/*
 * Open files that are taken away in the middle of a run are a limit of the process: neither the
 * source's fault nor a disk's.
 */

/** Sets the limit to 15 open files fewer than the process has now. */
function allowFewerFiles(pid: number | undefined): void {
  const limit = readdirSync(`/proc/${pid}/fd`).length - 15;
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${limit}:${limit}`]);
}

const reached = /reached a limit: less is done at once.*EMFILE|EMFILE.*reached a limit/;

for (const durability of ["group", "file"] as const) {
  test(`a copy that may have fewer open files than it has goes on with less at once, in one line (${durability})`, async (t) => {
    const tree = syntheticTree({ directories: 20, filesPerDirectory: 100, minSize: 2_000, maxSize: 20_000 });
    await using bucket = await startBucket({ tree, latencyMs: 100 });
    const volume = await temporaryFolder(t);
    const copy = startBrigade(["copy", "upyun://demo/", volume], {
      ...environmentFor(bucket),
      DURABILITY: durability,
    });
    let isOver = false;
    void copy.finished.then(() => {
      isOver = true;
    });
    while (bucket.counters.get < 200 && !isOver) await sleep(20);
    // Repeated until the copy reaches the limit: a copy that has just closed many files has room
    // below it.
    for (let waited = 0; !reached.test(copy.stderr()) && !isOver; waited += 20) {
      if (waited % 500 === 0) allowFewerFiles(copy.child.pid);
      await sleep(20);
    }
    const { code, stderr } = await copy.finished;
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(RegExp(reached, "g"))?.length, 1, stderr);
    assert.doesNotMatch(stderr, /unwell|retired|object failed/);
    await assertHolds(
      [volume],
      bucket,
      objectsOf(bucket.tree).map(({ key }) => key),
    );
  });
}
