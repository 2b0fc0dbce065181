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
      threads: [],
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
  assert.equal(brigade?.cpuMicrosPerFile.median, 1000);
});

test("the report has the CPU time per file of each of brigade's threads, and what was not seen of them", () => {
  const withThreads = (name: string, volumes: number, cpuSeconds: number): ContenderRuns => ({
    ...runs(name, []),
    runs: [1, 2, 3].map((times, round) => ({
      round,
      files: 10_000,
      bytes: 1,
      seconds: 1,
      cpuSeconds: 2.5 * times,
      threads: [
        { name: "MainThread", threads: 1, cpuSeconds: 1.5 * times },
        { name: "volume", threads: volumes, cpuSeconds: cpuSeconds * times },
        { name: "SignalInspector", threads: 1, cpuSeconds: 0 },
      ],
      peakRss: 1,
    })),
  });
  const text = copyTable(
    summarise([withThreads("brigade", 2, 0.8), withThreads("brigade-before", 1, 0.9), runs("curl", [100])]),
  );
  const [, ...lines] = text.slice(text.indexOf("CPU µs/file by thread")).split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(/ {2,}/)),
    [
      ["MainThread", "300.0", "300.0"],
      ["volume", "160.0 (2 threads)", "180.0"],
      ["ended unseen", "40.0", "20.0"],
    ],
  );
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
