import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startBucket, syntheticTree } from "../bucket/index.ts";
import { until } from "../waiting.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "./brigade.ts";

const bandwidth = 4_000_000;

/** 32 MB of each. */
const trees = {
  "files of 20 kB": { filesPerDirectory: 1_600, minSize: 20_000, maxSize: 20_000 },
  "files of 1 MB": { filesPerDirectory: 32, minSize: 1_000_000, maxSize: 1_000_000 },
  "files of 16 MB, in segments": { filesPerDirectory: 2, minSize: 16_000_000, maxSize: 16_000_000 },
};

for (const [title, size] of Object.entries(trees)) {
  for (const by of ["rest", "domain"] as const) {
    test(`copy --bandwidth holds the bytes per second: ${title}, by ${by}`, async (t) => {
      await using bucket = await startBucket({ tree: syntheticTree({ directories: 1, ...size, seed: 3 }) });
      const volume = join(await temporaryFolder(t), "volume");
      const args = ["copy", "upyun://demo/", volume, "--bandwidth", "4MB"];
      const { finished } = startBrigade(args, { ...environmentFor(bucket, by), LARGE_OBJECT: "8MiB" });
      const sent = () => bucket.counters.bytes + bucket.counters.sending();
      await until("the first bytes come", () => sent() > 100_000);
      const began = performance.now();
      const { code, stderr } = await finished;
      assert.equal(code, 0, stderr);
      const rate = (1000 * 32_000_000) / (performance.now() - began);
      assert.ok(rate <= 1.1 * bandwidth, `${Math.round(rate)} bytes per second are too many`);
      // The end of the run is in the time, too, and other programs run beside it.
      assert.ok(rate >= 0.8 * bandwidth, `${Math.round(rate)} bytes per second are too few`);
    });
  }
}

test("a bandwidth that is none is refused, and named", async (t) => {
  const volume = join(await temporaryFolder(t), "volume");
  for (const text of ["fast", "0", "10"]) {
    const { code, stderr } = await brigade(["copy", "http://127.0.0.1:1/", volume, "--bandwidth", text]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--bandwidth: must be/);
  }
});
