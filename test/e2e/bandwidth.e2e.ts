import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startBucket, syntheticTree } from "../bucket/index.ts";
import { until } from "../waiting.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "./brigade.ts";

const bandwidth = 4_000_000;

/** More of each than comes in the time of a test. */
const trees = {
  "files of 20 kB": { filesPerDirectory: 4_000, minSize: 20_000, maxSize: 20_000 },
  "files of 1 MB": { filesPerDirectory: 100, minSize: 1_000_000, maxSize: 1_000_000 },
  "files of 100 MB, in segments": { filesPerDirectory: 2, minSize: 100_000_000, maxSize: 100_000_000 },
};

for (const [title, size] of Object.entries(trees)) {
  for (const by of ["rest", "domain"] as const) {
    test(`copy --bandwidth holds the bytes per second: ${title}, by ${by}`, async (t) => {
      await using bucket = await startBucket({ tree: syntheticTree({ directories: 1, ...size, seed: 3 }) });
      const volume = join(await temporaryFolder(t), "volume");
      const args = ["copy", "upyun://demo/", volume, "--bandwidth", "4MB"];
      const { child, finished } = startBrigade(args, {
        ...environmentFor(bucket, by),
        SHUTDOWN_GRACE_MS: "500",
      });
      const sent = () => bucket.counters.bytes + bucket.counters.sending();
      await until("the first bytes come", () => sent() > 100_000);
      // What lies in the buffers of the connections came at the beginning.
      await sleep(1_000);
      const from = { bytes: sent(), at: performance.now() };
      await sleep(6_000);
      const rate = (1000 * (sent() - from.bytes)) / (performance.now() - from.at);
      child.kill("SIGTERM");
      await finished;
      assert.ok(Math.abs(rate - bandwidth) <= 0.1 * bandwidth, `${Math.round(rate)} bytes per second`);
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
