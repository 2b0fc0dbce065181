import { type Spread, spread } from "../statistics.ts";
import { table } from "../table.ts";
import type { ContenderRuns, CopyRun } from "./copy-bench.ts";

export interface ContenderSummary {
  readonly name: string;
  readonly safe: boolean;
  readonly filesPerSecond: Spread;
  /** 10^6 bytes. */
  readonly megabytesPerSecond: Spread;
  readonly cpuMsPerFile: Spread;
  /** Of the broker, where there is one beside. */
  readonly brokerCpuMsPerFile: Spread | undefined;
  /** Bytes. */
  readonly peakRss: Spread;
  /** Ratio of medians, files/s: brigade's (or its fleet's) over this one's. */
  readonly brigadeRatio: number | undefined;
  /**
   * CPU per file: brigade's (or its fleet's) over this one's. The median of the rounds' ratios: a
   * machine that becomes slower or faster does so between rounds, and changes both.
   */
  readonly cpuRatio: number | undefined;
  readonly failures: readonly string[];
}

export function summarise(results: readonly ContenderRuns[]): readonly ContenderSummary[] {
  const speedOf = (runs: readonly CopyRun[]) => spread(runs.map(({ files, seconds }) => files / seconds));
  const ours = results.find(({ name, runs }) => (name === "brigade" || name === "fleet") && runs.length > 0);
  return results.map(({ name, safe, runs, failures }) => ({
    name,
    safe,
    filesPerSecond: speedOf(runs),
    megabytesPerSecond: spread(runs.map(({ bytes, seconds }) => bytes / seconds / 1e6)),
    cpuMsPerFile: spread(runs.map(({ files, cpuSeconds }) => (cpuSeconds * 1000) / files)),
    brokerCpuMsPerFile: runs.some(({ brokerCpuSeconds }) => brokerCpuSeconds !== undefined)
      ? spread(runs.map(({ files, brokerCpuSeconds = 0 }) => (brokerCpuSeconds * 1000) / files))
      : undefined,
    peakRss: spread(runs.map(({ peakRss }) => peakRss)),
    brigadeRatio:
      ours === undefined || runs.length === 0 ? undefined : speedOf(ours.runs).median / speedOf(runs).median,
    cpuRatio: ours === undefined ? undefined : cpuRatioOf(ours.runs, runs),
    failures,
  }));
}

/** `undefined` where there is no round in which both were run. */
function cpuRatioOf(ours: readonly CopyRun[], theirs: readonly CopyRun[]): number | undefined {
  const ratios = ours.flatMap((our) => {
    const their = theirs.find(({ round }) => round === our.round);
    return their === undefined ? [] : [our.cpuSeconds / our.files / (their.cpuSeconds / their.files)];
  });
  return ratios.length === 0 ? undefined : spread(ratios).median;
}

export function copyTable(summaries: readonly ContenderSummary[]): string {
  const withBroker = summaries.some(({ brokerCpuMsPerFile }) => brokerCpuMsPerFile !== undefined);
  const head = [
    "",
    "files/s",
    "least–most",
    "MB/s",
    "CPU ms/file",
    ...(withBroker ? ["broker CPU ms/file"] : []),
    "peak RSS MB",
    "brigade ×",
    "CPU ×",
    "synced, MD5",
  ];
  const rows = summaries.map((summary) => {
    const { filesPerSecond, megabytesPerSecond, cpuMsPerFile, brokerCpuMsPerFile, peakRss } = summary;
    if (Number.isNaN(filesPerSecond.median)) return [summary.name, "failed"];
    return [
      summary.name,
      filesPerSecond.median.toFixed(0),
      `${filesPerSecond.least.toFixed(0)}–${filesPerSecond.most.toFixed(0)}`,
      megabytesPerSecond.median.toFixed(0),
      cpuMsPerFile.median.toFixed(3),
      ...(withBroker ? [brokerCpuMsPerFile?.median.toFixed(3) ?? "–"] : []),
      (peakRss.median / 1e6).toFixed(0),
      summary.brigadeRatio?.toFixed(2) ?? "–",
      summary.cpuRatio?.toFixed(3) ?? "–",
      summary.safe ? "yes" : "no",
    ];
  });
  const failures = summaries.flatMap(({ name, failures }) =>
    failures.map((reason) => `${name} failed: ${reason}`),
  );
  return [table([head, ...rows]), ...failures].join("\n");
}
