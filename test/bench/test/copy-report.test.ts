import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContenderRuns } from "../copy/copy-bench.ts";
import { copyTable, summarise } from "../copy/copy-report.ts";

function runs(name: string, speeds: readonly number[], failures: readonly string[] = []): ContenderRuns {
  return {
    name,
    safe: name === "brigade",
    failures,
    runs: speeds.map((speed, round) => ({
      round,
      files: speed * 10,
      bytes: speed * 10 * 20_000,
      seconds: 10,
      cpuSeconds: speed / 100,
      peakRss: 50e6,
    })),
  };
}

test("a ratio in the report is the ratio of medians, not the median of ratios", () => {
  const [, curl] = summarise([runs("brigade", [100, 600, 300]), runs("curl", [200, 100, 900])]);
  assert.equal(curl?.brigadeRatio, 300 / 200);
});

test("CPU per file is compared round by round: a machine that becomes slower is slower for both", () => {
  const withCpu = (name: string, cpuSeconds: readonly number[]): ContenderRuns => ({
    ...runs(name, []),
    runs: runs(name, [100, 100, 100]).runs.map((run, round) => ({
      ...run,
      cpuSeconds: cpuSeconds[round] ?? 0,
    })),
  });
  const [, before] = summarise([withCpu("brigade", [2, 8, 3]), withCpu("brigade-before", [1, 4, 4])]);
  assert.equal(before?.cpuRatio, 2);
});

test("files, bytes and CPU time are counted by the second and by the file", () => {
  const [brigade] = summarise([runs("brigade", [500])]);
  assert.equal(brigade?.filesPerSecond.median, 500);
  assert.equal(brigade?.megabytesPerSecond.median, 10);
  assert.equal(brigade?.cpuMsPerFile.median, 1);
});

test("without brigade's runs there are speeds but no ratios", () => {
  const [curl] = summarise([runs("curl", [200])]);
  assert.equal(curl?.brigadeRatio, undefined);
});

test("a contender that never finished shows as failed, with the reason", () => {
  const text = copyTable(summarise([runs("brigade", [100]), runs("curl", [], ["ended with 23"])]));
  assert.match(text, /^curl +failed$/m);
  assert.match(text, /^curl failed: ended with 23$/m);
});
