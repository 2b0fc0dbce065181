import type { ContenderRuns, CopyRun } from "./copy-bench.ts";
import { type Spread, spread } from "./statistics.ts";
import { table } from "./table.ts";

export interface ContenderSummary {
  readonly name: string;
  readonly safe: boolean;
  readonly filesPerSecond: Spread;
  /** 10^6 bytes. */
  readonly megabytesPerSecond: Spread;
  readonly cpuMsPerFile: Spread;
  /** Bytes. */
  readonly peakRss: Spread;
  /** Ratio of medians, files/s: brigade's over this one's. */
  readonly brigadeRatio: number | undefined;
  readonly failures: readonly string[];
}

export function summarise(results: readonly ContenderRuns[]): readonly ContenderSummary[] {
  const speedOf = (runs: readonly CopyRun[]) => spread(runs.map(({ files, seconds }) => files / seconds));
  const brigade = results.find(({ name, runs }) => name === "brigade" && runs.length > 0);
  return results.map(({ name, safe, runs, failures }) => ({
    name,
    safe,
    filesPerSecond: speedOf(runs),
    megabytesPerSecond: spread(runs.map(({ bytes, seconds }) => bytes / seconds / 1e6)),
    cpuMsPerFile: spread(runs.map(({ files, cpuSeconds }) => (cpuSeconds * 1000) / files)),
    peakRss: spread(runs.map(({ peakRss }) => peakRss)),
    brigadeRatio:
      brigade === undefined || runs.length === 0
        ? undefined
        : speedOf(brigade.runs).median / speedOf(runs).median,
    failures,
  }));
}

export function copyTable(summaries: readonly ContenderSummary[]): string {
  const head = [
    "",
    "files/s",
    "least–most",
    "MB/s",
    "CPU ms/file",
    "peak RSS MB",
    "brigade ×",
    "synced, MD5",
  ];
  const rows = summaries.map((summary) => {
    const { filesPerSecond, megabytesPerSecond, cpuMsPerFile, peakRss, brigadeRatio } = summary;
    if (Number.isNaN(filesPerSecond.median)) return [summary.name, "failed"];
    return [
      summary.name,
      filesPerSecond.median.toFixed(0),
      `${filesPerSecond.least.toFixed(0)}–${filesPerSecond.most.toFixed(0)}`,
      megabytesPerSecond.median.toFixed(0),
      cpuMsPerFile.median.toFixed(3),
      (peakRss.median / 1e6).toFixed(0),
      brigadeRatio?.toFixed(2) ?? "–",
      summary.safe ? "yes" : "no",
    ];
  });
  const failures = summaries.flatMap(({ name, failures }) =>
    failures.map((reason) => `${name} failed: ${reason}`),
  );
  return [table([head, ...rows]), ...failures].join("\n");
}
