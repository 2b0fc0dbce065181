import assert from "node:assert/strict";
import { test } from "node:test";
import { startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, temporaryFolder } from "./brigade.ts";

const directories = 2_000;
const tree = syntheticTree({ directories, filesPerDirectory: 1, minSize: 10, maxSize: 20, seed: 5 });

test("over a long line many small directories are listed faster by the number that is found than by 8 at once", async (t) => {
  const volume = await temporaryFolder(t);
  const list = async (atOnce: string) => {
    await using bucket = await startBucket({ tree, latencyMs: 50 });
    const began = performance.now();
    const { code, stdout, stderr } = await brigade(["copy", "upyun://demo/", volume, "--dry-run", "--json"], {
      ...environmentFor(bucket),
      LIST_CONCURRENCY: atOnce,
    });
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).objects, directories);
    return { ms: performance.now() - began, peak: bucket.counters.peak };
  };
  const eight = await list("8");
  const auto = await list("auto");
  const twelve = await list("auto:12");
  assert.equal(eight.peak, 8);
  assert.equal(twelve.peak, 12);
  assert.ok(auto.peak > 24 && auto.peak <= 64, `${auto.peak} at once`);
  assert.ok(auto.ms < 0.7 * eight.ms, `${auto.ms} and ${eight.ms} ms`);
});
