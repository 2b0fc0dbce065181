import type { Proof, Questions } from "@brigade/ledger";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { printable } from "../terminal/printable.ts";
import { print, printJsonText } from "../terminal/terminal.ts";
import { formatBytes, formatCount, formatDuration } from "../terminal/units.ts";
import { type AbsentVolume, describeAbsent, hasLost } from "./absent-volumes.ts";
import type { Advice } from "./advice.ts";
import { describeHoles } from "./holes.ts";

/** What is reported of a job that has ended. */
export interface JobReport {
  readonly job: string;
  readonly source: string;
  /** Of `copy`: the job was begun by an earlier run. */
  readonly resumed?: boolean;
  /** Of `copy`, how long this run took; of a fleet, how long the job was open. */
  readonly seconds: number;
  readonly proof: Proof;
  readonly volumes: readonly VolumeShare[];
  /** Where more of the source lies than on what is here. */
  readonly absent: readonly AbsentVolume[];
  readonly exitCode: ExitCode;
  /** Where the failed objects are listed, one JSON line each; absent if none failed. */
  readonly failedFile?: string;
}

/** What a job stored on one volume. */
export interface VolumeShare {
  readonly id: string;
  readonly label: string;
  /** Absent: this machine. */
  readonly host?: string;
  /** The folder on its host; absent if no service there is heard. */
  readonly root?: string;
  readonly objects: number;
  readonly bytes: number;
}

/** Returns 0 if all is accounted for, nothing failed and no disk was lost, else 3. */
export function exitCodeOfJob(proof: Proof, absent: readonly AbsentVolume[]): ExitCode {
  const isWell = proof.complete && proof.failed.objects === 0 && !hasLost(absent);
  return isWell ? exitCode.complete : exitCode.incomplete;
}

/** Prints one JSON document on one line. `failed` and `vanished` are written as they are read. */
export async function printReport(
  report: JobReport,
  questions: Pick<Questions, "failures" | "vanished">,
): Promise<void> {
  const { proof, ...others } = report;
  const head = JSON.stringify({ ...others, complete: proof.complete, ...sums(proof), holes: proof.holes });
  await printJsonText(`${head.slice(0, -1)},"failed":[`);
  await printList(questions.failures(report.job), ({ key, reason }) => ({ key, reason }));
  await printJsonText('],"vanished":[');
  await printList(questions.vanished(report.job), ({ key }) => key);
  await printJsonText("]}\n");
}

async function printList<T>(list: AsyncIterable<T>, shape: (one: T) => unknown): Promise<void> {
  let separator = "";
  for await (const one of list) {
    await printJsonText(separator + JSON.stringify(shape(one)));
    separator = ",";
  }
}

function sums({ listed, stored, unchanged, vanished, failed, directories, pages }: Proof) {
  return { counts: { listed, stored, unchanged, vanished, failed }, directories, pages };
}

/** Prints the report for people. */
export async function printSummary(report: JobReport, advice: Advice): Promise<void> {
  await print(...describeReport(report, advice));
}

/** Returns the report in lines, for people. */
export function describeReport(report: JobReport, advice: Advice): string[] {
  const { proof, seconds, volumes, absent, failedFile } = report;
  const { objects, bytes } = proof.stored;
  const speed = `${formatCount(Math.round(objects / seconds))} files/s, ${formatBytes(bytes / seconds)}/s`;
  const shortcomings = [
    ...describeHoles(proof),
    ...absent.map(describeAbsent),
    ...(failedFile === undefined ? [] : [`failed objects, with reasons: ${failedFile}`]),
  ];
  return [
    headline(report, advice),
    ...(["listed", "stored", "unchanged", "vanished", "failed"] as const).map((name) =>
      amountLine(name, proof[name]),
    ),
    `  in ${formatDuration(seconds)}, ${speed}`,
    ...volumes.map((volume) => `${amountLine(printable(volume.label), volume)}   ${placeOf(volume)}`),
    ...shortcomings.map((text) => `  ${text}`),
  ];
}

function amountLine(label: string, { objects, bytes }: { objects: number; bytes: number }): string {
  return `  ${label.padEnd(10)} ${formatCount(objects).padStart(14)}   ${formatBytes(bytes)}`;
}

function placeOf({ host, root }: VolumeShare): string {
  return [host, root].filter((one) => one !== undefined).join("  ");
}

function headline({ proof, source, absent, exitCode: code }: JobReport, advice: Advice): string {
  if (code === exitCode.complete) return `${source}: complete. Every listed object is accounted for.`;
  if (proof.complete && hasLost(absent))
    return `${source}: finished, but a disk was lost. Bring it back, or see \`brigade volume forget --help\`.`;
  if (proof.complete) return `${source}: finished, but some objects failed. ${advice.failed}`;
  return `${source}: finished, but not everything is accounted for. ${advice.holes}`;
}
