import { createWriteStream } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ConfigError, type Log } from "@brigade/core";
import type { Miss, Proof, Questions } from "@brigade/ledger";
import { createPrivateFile, makePrivateFolder, removeOwnFile } from "@brigade/volumes";
import { type AbsentVolume, describeAbsent, hasLost } from "../absent/absent-volumes.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { formatRange } from "../status/holes.ts";
import { printable, printableJson } from "../terminal/printable.ts";
import { print, printJsonText } from "../terminal/terminal.ts";
import { formatBytes, formatCount, formatDuration } from "../terminal/units.ts";

/** What a finished run tells. */
export interface RunReport {
  readonly job: string;
  readonly source: string;
  readonly resumed: boolean;
  readonly seconds: number;
  readonly proof: Proof;
  readonly volumes: readonly { id: string; label: string; root: string; objects: number; bytes: number }[];
  /** Where more of the source lies than on what is here. */
  readonly absent: readonly AbsentVolume[];
  readonly exitCode: ExitCode;
  /** Where the failed objects are listed, one JSON line each; absent when there are none. */
  readonly failedFile?: string;
}

/** 0 when all is accounted for, nothing failed and no disk was lost, else 3. */
export function exitCodeOfRun(proof: Proof, absent: readonly AbsentVolume[]): ExitCode {
  const failed = proof.failed.objects > 0 || proof.holes.failedDirectories.total > 0;
  return proof.complete && !failed && !hasLost(absent) ? exitCode.complete : exitCode.incomplete;
}

/**
 * Writes one JSON line for each failed object, with the reason. Returns the path, or `undefined` if nothing failed. Where the
 * file cannot be written, the run has ended all the same: one line says so, and what is in the file is not the whole.
 */
export async function writeFailures(
  path: string,
  failures: AsyncIterable<Miss>,
  log: Log,
): Promise<string | undefined> {
  const rows = failures[Symbol.asyncIterator]();
  const first = await rows.next();
  if (first.done === true) return undefined;
  async function* lines() {
    for (let row = first; row.done !== true; row = await rows.next()) {
      const { key, reason, at } = row.value;
      yield `${printableJson(JSON.stringify({ key, reason, at: new Date(at).toISOString() }))}\n`;
    }
  }
  try {
    makePrivateFolder(dirname(path), /\.ndjson$/);
    removeOwnFile(path);
    await pipeline(Readable.from(lines()), createWriteStream("", { fd: createPrivateFile(path) }));
    return path;
  } catch (error) {
    const isDisks = error instanceof ConfigError || (error instanceof Error && "syscall" in error);
    if (!isDisks) throw error;
    const remedy = "the accounts have them all: `brigade failed --state-dir …` lists them";
    log.warn({ reason: error.message, remedy }, "the list of failed objects could not be written");
    return undefined;
  }
}

/** One JSON document on one line; `failed` and `vanished` are written as they are read, however many. */
export async function printReport(
  report: RunReport,
  questions: Pick<Questions, "failures" | "vanished">,
): Promise<void> {
  const { proof, ...run } = report;
  const head = JSON.stringify({ ...run, complete: proof.complete, ...sums(proof), holes: proof.holes });
  await printJsonText(`${head.slice(0, -1)},"failed":[`);
  await writeList(questions.failures(report.job), ({ key, reason }) => ({ key, reason }));
  await printJsonText('],"vanished":[');
  await writeList(questions.vanished(report.job), ({ key }) => key);
  await printJsonText("]}\n");
}

async function writeList<T>(list: AsyncIterable<T>, shape: (one: T) => unknown): Promise<void> {
  let separator = "";
  for await (const one of list) {
    await printJsonText(separator + JSON.stringify(shape(one)));
    separator = ",";
  }
}

function sums({ listed, stored, unchanged, vanished, failed, directories, pages }: Proof) {
  return { counts: { listed, stored, unchanged, vanished, failed }, directories, pages };
}

/** For people. */
export async function printSummary(report: RunReport): Promise<void> {
  const { proof, seconds, volumes } = report;
  const line = (label: string, { objects, bytes }: { objects: number; bytes: number }) =>
    `  ${label.padEnd(10)} ${formatCount(objects).padStart(14)}   ${formatBytes(bytes)}`;
  const speed = `${formatCount(Math.round(proof.stored.objects / seconds))} files/s, ${formatBytes(proof.stored.bytes / seconds)}/s`;
  await print(
    headline(report),
    ...(["listed", "stored", "unchanged", "vanished", "failed"] as const).map((name) =>
      line(name, proof[name]),
    ),
    `  in ${formatDuration(seconds)}, ${speed}`,
    ...volumes.map((one) => `${line(printable(one.label), one)}   ${one.root}`),
    ...describeShortcomings(report).map((text) => `  ${text}`),
  );
}

function describeShortcomings({ proof: { holes }, absent, failedFile }: RunReport): string[] {
  return [
    ...holes.failedDirectories.examples.map(
      ({ directory, besides, reason }) =>
        `could not list ${besides ? "all of " : ""}"${directory}": ${reason}`,
    ),
    ...holes.directories.examples.map(
      ({ directory, missing }) =>
        `not fully listed: "${directory}", pages ${missing.map(formatRange).join(", ")}`,
    ),
    ...(holes.pages.objects > 0 ? [`${holes.pages.objects} objects have no outcome`] : []),
    ...absent.map(describeAbsent),
    ...(failedFile === undefined ? [] : [`failed objects, with reasons: ${failedFile}`]),
  ];
}

function headline({ proof, source, absent, exitCode: code }: RunReport): string {
  if (code === exitCode.complete) return `${source}: complete. Every listed object is accounted for.`;
  if (proof.complete && hasLost(absent))
    return `${source}: finished, but a disk was lost. Bring it back, or see \`brigade volume forget --help\`.`;
  if (proof.complete)
    return `${source}: finished, but some objects failed. Run the same command to try them again.`;
  return `${source}: finished, but not everything is accounted for. Run the same command to fill the holes.`;
}
