import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { type LoopDisk, loopDisk, noLoopDisks } from "../disks/loop-disk.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds, filesBelow } from "../e2e/disk.ts";
import { until } from "../waiting.ts";

/*
 * A disk that fails in mid-run and works again later is used again, without a restart.
 */

const unable = noLoopDisks();
const options = unable === undefined ? {} : { skip: unable };
const keys = Array.from({ length: 1500 }, (_, index) => `d${index % 5}/${index}.txt`);
const tree = explicitTree(keys.map((key, index) => [key, { size: 2000 + index }] as const));

/** A copy onto a disk that always works and one that the test breaks. */
async function copying(t: TestContext) {
  const bucket = await startBucket({ tree, latencyMs: 150 });
  t.after(() => bucket[Symbol.asyncDispose]());
  const disk = loopDisk(t, { sizeMib: 64, backingMib: 80 });
  const [good, state] = [await temporaryFolder(t), await temporaryFolder(t)];
  const bad = disk.root;
  const made = await brigade(["volume", "init", good, bad]);
  assert.equal(made.code, 0, made.stderr);
  const orders = { XDG_RUNTIME_DIR: state };
  const running = startBrigade(["copy", "upyun://demo/", good, bad, "--state-dir", state], {
    ...environmentFor(bucket),
    ...orders,
    BATCH_FILES: "4",
    FETCH_CONCURRENCY: "8",
    PLACEMENT: "round-robin",
  });
  const onBad = () => filesBelow(join(bad, "demo"));
  await until("files lie on the disk", async () => (await onBad()).length > 20);
  return { ...running, bucket, disk, good, bad, onBad, orders };
}

type Copying = Awaited<ReturnType<typeof copying>>;

async function assertUsedAgain({ stderr, finished, onBad, bucket, good, bad }: Copying): Promise<void> {
  const before = (await onBad()).length;
  await until("it is used again", () => stderr().includes("a volume is used again"), 60_000);
  await until("more files lie there", async () => (await onBad()).length > before + 10, 60_000);
  const { code, stderr: all } = await finished;
  assert.equal(code, 0, all);
  assert.equal(all.match(/a volume is used again/g)?.length, 1, all);
  assert.doesNotMatch(all, /an object failed/);
  await assertHolds([good, bad], bucket, keys);
}

test(
  "a disk that is unmounted under the run is gone: nothing is written below it, and it is used when it is back",
  options,
  async (t) => {
    const run = await copying(t);
    run.disk.unmountLazily();
    await until("it is gone", () => /a volume is retired .*: it is gone/.test(run.stderr()));
    assert.deepEqual(readdirSync(run.bad), [], "the empty mount point stays empty");
    run.disk.mount();
    await assertUsedAgain(run);
  },
);

test(
  "a disk that goes read-only is let go, so that it can be unmounted, and is used when it is mounted again",
  options,
  async (t) => {
    const run = await copying(t);
    run.disk.goReadOnly();
    await until("it is read-only", () => /a volume is retired .*: it is read-only/.test(run.stderr()));
    const unmounted = (disk: LoopDisk) => {
      try {
        disk.unmount();
        return true;
      } catch {
        return false;
      }
    };
    await until("nothing is open there", () => unmounted(run.disk), 20_000);
    mkdirSync(join(run.bad, "in-the-way"));
    await until("it is gone", () => /it is gone/.test(run.stderr()), 30_000);
    run.disk.mount();
    await assertUsedAgain(run);
  },
);

test(
  "a volume that is ejected can be unmounted while the copy goes on elsewhere, and is used again after `undrain`",
  options,
  async (t) => {
    const run = await copying(t);
    const order = async (...words: string[]) => {
      const { code, stdout, stderr } = await brigade(["volume", ...words], run.orders);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.match(await order("eject", "root", "--reason", "a new cable"), /the copy of demo on this machine/);
    await until("it is ejected", () => /a volume is ejected/.test(run.stderr()), 20_000);
    assert.match(run.stderr(), /"by .*: a new cable"/);
    run.disk.unmount();
    assert.deepEqual(readdirSync(run.bad), [], "nothing is written below it");
    run.disk.mount();
    await order("undrain", "root");
    await assertUsedAgain(run);
  },
);
