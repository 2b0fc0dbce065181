import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { faultyDisk } from "../disks/faulty-disk.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds, filesBelow } from "../e2e/disk.ts";

/*
 * A disk that hangs delays no other disk.
 */

const keys = Array.from({ length: 600 }, (_, index) => `d${index % 6}/${index}.bin`);
const tree = explicitTree([
  ...keys.map((key, index) => [key, { size: 2000 + index }] as const),
  ["big.bin", { size: 3_000_000 }],
]);

/** The 40th write to one of two disks never comes back. */
async function hangingDisk(t: TestContext) {
  const bucket = await startBucket({ tree, latencyMs: 20 });
  t.after(() => bucket[Symbol.asyncDispose]());
  const [good, bad, state] = [await temporaryFolder(t), await temporaryFolder(t), await temporaryFolder(t)];
  const hang = join(state, "hang");
  await writeFile(hang, "");
  return {
    bucket,
    good,
    bad,
    environment: {
      ...environmentFor(bucket),
      ...faultyDisk({ call: "write", error: "hang", path: `${bad}/.brigade/tmp`, first: 40 }),
      HANG_WHILE: hang,
      BATCH_FILES: "20",
      SHUTDOWN_GRACE_MS: "1000",
    },
    command: ["copy", "upyun://demo/", good, bad, "--state-dir", join(state, "state"), "--json"],
    /** The disk answers again. */
    wake: () => rm(hang),
  };
}

test("while one disk hangs the other goes on; its work goes there, the run ends, and the log names it", async (t) => {
  const { bucket, good, bad, environment, command } = await hangingDisk(t);
  const began = performance.now();
  const { finished } = startBrigade(command, environment);
  let onGood = 0;
  const looking = setInterval(async () => {
    if (performance.now() - began < 25_000) onGood = (await filesBelow(good)).length;
  }, 1_000);
  const { code, stderr } = await finished;
  clearInterval(looking);
  assert.equal(code, 0, stderr);
  assert.ok(onGood > 100, `${onGood} files came to the other disk while one hung`);
  assert.equal(stderr.match(/has not answered for 1\d s: it is waited for/g)?.length, 1, stderr);
  assert.equal(stderr.match(/does not answer: its work goes elsewhere/g)?.length, 1, stderr);
  assert.ok(performance.now() - began < 60_000, "the end came soon");
  const kept = (await filesBelow(join(bad, "demo"))).length;
  assert.ok(kept + (await filesBelow(join(good, "demo"))).length >= keys.length + 1);
  assert.ok(bucket.counters.get < 2 * keys.length, "what was stored was not fetched again");
});

test("a run whose disk hangs is stopped within its grace, and goes on when the disk is back", async (t) => {
  const { bucket, good, bad, environment, command, wake } = await hangingDisk(t);
  const { child, finished } = startBrigade(command, environment);
  while ((await filesBelow(good)).length < 100) await new Promise((resolve) => setTimeout(resolve, 50));
  const stopped = performance.now();
  child.kill("SIGTERM");
  const { code, stderr } = await finished;
  assert.equal(code, 130, stderr);
  assert.ok(performance.now() - stopped < 15_000, "it left in time");
  await wake();
  const again = await brigade(command, environmentFor(bucket));
  assert.equal(again.code, 0, again.stderr);
  await assertHolds([good, bad], bucket, [...keys, "big.bin"]);
});

test("the only disk hangs: one line says so after 10 s, and the run goes on when the disk does", async (t) => {
  const { bucket, bad, environment, command, wake } = await hangingDisk(t);
  const [copy = "", source = "", , , ...options] = command;
  const { child, finished } = startBrigade([copy, source, bad, ...options], environment);
  let stderr = "";
  const told = new Promise<void>((resolve) =>
    child.stderr?.on("data", (text) => {
      stderr += text;
      if (/has not answered for 1\d s: it is waited for/.test(stderr)) resolve();
    }),
  );
  await Promise.race([told, finished]);
  await wake();
  const { code } = await finished;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/has not answered/g)?.length, 1, stderr);
  await assertHolds([bad], bucket, [...keys, "big.bin"]);
});
