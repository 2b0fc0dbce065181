import { type Spread, spread } from "../statistics.ts";
import { table } from "../table.ts";
import { isBrigade } from "./contenders.ts";
import type { ContenderRuns, CopyRun } from "./copy-bench.ts";

/** The threads of one name. */
export interface ThreadSummary {
  readonly name: string;
  /** The most in one run. */
  readonly threads: number;
  /** Of all of them together. */
  readonly cpuMicrosPerFile: Spread;
}

export interface ContenderSummary {
  readonly name: string;
  readonly safe: boolean;
  readonly filesPerSecond: Spread;
  /** 10^6 bytes. */
  readonly megabytesPerSecond: Spread;
  readonly cpuMicrosPerFile: Spread;
  /** In the order of their start. */
  readonly threads: readonly ThreadSummary[];
  /** Used by threads after they were last looked at. */
  readonly unseenMicrosPerFile: Spread;
  /** Of the broker, where there is one beside. */
  readonly brokerCpuMicrosPerFile: Spread | undefined;
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
    cpuMicrosPerFile: spread(runs.map(({ files, cpuSeconds }) => (cpuSeconds * 1e6) / files)),
    threads: threadsOf(runs),
    unseenMicrosPerFile: spread(runs.map(unseenMicrosPerFile)),
    brokerCpuMicrosPerFile: runs.some(({ brokerCpuSeconds }) => brokerCpuSeconds !== undefined)
      ? spread(runs.map(({ files, brokerCpuSeconds = 0 }) => (brokerCpuSeconds * 1e6) / files))
      : undefined,
    peakRss: spread(runs.map(({ peakRss }) => peakRss)),
    brigadeRatio:
      ours === undefined || runs.length === 0 ? undefined : speedOf(ours.runs).median / speedOf(runs).median,
    cpuRatio: ours === undefined ? undefined : cpuRatioOf(ours.runs, runs),
    failures,
  }));
}

function threadsOf(runs: readonly CopyRun[]): ThreadSummary[] {
  const names = new Set(runs.flatMap(({ threads }) => threads.map(({ name }) => name)));
  return [...names].map((name) => {
    const seen = runs.map(({ files, threads }) => ({ files, ...threads.find((one) => one.name === name) }));
    return {
      name,
      threads: Math.max(...seen.map(({ threads = 0 }) => threads)),
      cpuMicrosPerFile: spread(seen.map(({ files, cpuSeconds = 0 }) => (cpuSeconds * 1e6) / files)),
    };
  });
}

function unseenMicrosPerFile({ files, cpuSeconds, threads }: CopyRun): number {
  return (threads.reduce((left, thread) => left - thread.cpuSeconds, cpuSeconds) * 1e6) / files;
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
  const withBroker = summaries.some(({ brokerCpuMicrosPerFile }) => brokerCpuMicrosPerFile !== undefined);
  const head = [
    "",
    "files/s",
    "least–most",
    "MB/s",
    "CPU µs/file",
    ...(withBroker ? ["broker CPU µs/file"] : []),
    "peak RSS MB",
    "brigade ×",
    "CPU ×",
    "synced, MD5",
  ];
  const rows = summaries.map((summary) => {
    const { filesPerSecond, megabytesPerSecond, cpuMicrosPerFile, brokerCpuMicrosPerFile, peakRss } = summary;
    if (Number.isNaN(filesPerSecond.median)) return [summary.name, "failed"];
    return [
      summary.name,
      filesPerSecond.median.toFixed(0),
      `${filesPerSecond.least.toFixed(0)}–${filesPerSecond.most.toFixed(0)}`,
      megabytesPerSecond.median.toFixed(0),
      cpuMicrosPerFile.median.toFixed(0),
      ...(withBroker ? [brokerCpuMicrosPerFile?.median.toFixed(0) ?? "–"] : []),
      (peakRss.median / 1e6).toFixed(0),
      summary.brigadeRatio?.toFixed(2) ?? "–",
      summary.cpuRatio?.toFixed(3) ?? "–",
      summary.safe ? "yes" : "no",
    ];
  });
  const failures = summaries.flatMap(({ name, failures }) =>
    failures.map((reason) => `${name} failed: ${reason}`),
  );
  return [table([head, ...rows]), ...threadTable(summaries), ...failures].join("\n");
}

/**
 * CPU time per file of brigade's own threads, of which most contenders have others: a line per name
 * of threads, a column per contender.
 */
function threadTable(summaries: readonly ContenderSummary[]): string[] {
  const ours = summaries.filter(({ name, threads }) => isBrigade(name) && threads.length > 0);
  if (ours.length === 0) return [];
  const names = [...new Set(ours.flatMap(({ threads }) => threads.map(({ name }) => name)))];
  const rows = names.map((name) => {
    const found = ours.map(({ threads }) => threads.find((one) => one.name === name));
    return [name, ...found.map((one) => (one === undefined ? "–" : threadCell(one)))];
  });
  return [
    "",
    table([
      ["CPU µs/file by thread", ...ours.map(({ name }) => name)],
      ...rows.filter(([, ...cells]) => cells.some((cell) => !/^(–|0\.0\b)/.test(cell))),
      ["ended unseen", ...ours.map(({ unseenMicrosPerFile }) => unseenMicrosPerFile.median.toFixed(1))],
    ]),
  ];
}

function threadCell({ threads, cpuMicrosPerFile }: ThreadSummary): string {
  const micros = cpuMicrosPerFile.median.toFixed(1);
  return threads <= 1 ? micros : `${micros} (${threads} threads)`;
}
