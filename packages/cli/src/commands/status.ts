import { setTimeout as sleep } from "node:timers/promises";
import type { LedgerClient, Status } from "@brigade/ledger";
import type { Command } from "commander";
import { absentVolumes } from "../absent/absent-volumes.ts";
import { ProgressBar, ProgressLines } from "../copy/progress.ts";
import { printReport, printSummary } from "../copy/report.ts";
import { waitForJob } from "../fleet/wait.ts";
import { openLedger } from "../ledger/door.ts";
import { latestJob } from "../ledger/latest-job.ts";
import { lostForGood } from "../ledger/lost.ts";
import { createLog } from "../logging/logging.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { readEnvironment } from "../settings/environment.ts";
import { describeStatus, type JobFindings } from "../status/describe.ts";
import { formatTable, right } from "../terminal/table.ts";
import { clearTerminal, isWatched, print, printJson } from "../terminal/terminal.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";
import { addLedgerOptions, type LedgerFlags } from "./options/ledger-options.ts";

interface Flags extends LedgerFlags {
  readonly watch?: true;
  readonly wait?: true;
  readonly directories?: true;
  readonly json?: true;
}

/** Milliseconds between two looks of `--watch`. */
const lookEvery = 2_000;

/** `brigade status`: where the last jobs stand. */
export function addStatus(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = program
    .command("status")
    .description("where the last job of each source stands: progress, speed, disks, queues, pauses, holes")
    .argument("[source]", "only this one")
    .option("--watch", "again and again, until interrupted")
    .option("--wait", "until the job is closed; the exit code tells how it ended")
    .option("--directories", "the accounts of every directory of the last job");
  addLedgerOptions(command)
    .option("--json", "for machines: one JSON document (with --watch and --directories: one a line)")
    .action(async (source: string | undefined, flags: Flags) => {
      done(await status(source, flags, signal));
    });
}

async function status(source: string | undefined, flags: Flags, signal: AbortSignal): Promise<ExitCode> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  if (flags.directories === true) await directories(door.ledger, source, flags);
  else if (flags.wait === true) return await wait(door.ledger, source, flags, signal);
  else if (flags.watch === true) await watch(door.ledger, source, flags, signal);
  else await show(await look(door.ledger, source), flags);
  return exitCode.complete;
}

interface Look {
  readonly now: Status;
  readonly findings: ReadonlyMap<string, JobFindings>;
}

async function look(ledger: LedgerClient, source: string | undefined): Promise<Look> {
  const all = await ledger.status();
  const now: Status =
    source === undefined ? all : { ...all, sources: all.sources.filter((one) => one.source === source) };
  const isKnown = source === undefined || now.sources.some(({ job }) => job !== undefined);
  // A job that waits for the broker to be opened is not known yet.
  if (!isKnown && now.brokerTrouble === undefined) await latestJob(ledger, source);
  return { now, findings: await findingsOf(ledger, now) };
}

async function show({ now, findings }: Look, { json }: Flags): Promise<void> {
  if (json !== true) return await print(...describeStatus(now, findings));
  const holes = [...findings].flatMap(([id, { proof }]) => (proof === undefined ? [] : [[id, proof.holes]]));
  const lost = [...findings].flatMap(([id, one]) =>
    one.lost.length === 0 ? [] : [[id, one.lost.map(({ key }) => key)]],
  );
  const absent = [...findings].flatMap(([id, one]) => (one.absent.length === 0 ? [] : [[id, one.absent]]));
  const found = {
    holes: Object.fromEntries(holes),
    lostForGood: Object.fromEntries(lost),
    absent: Object.fromEntries(absent),
  };
  await printJson({ ...now, ...found });
}

/** Of each job: its holes where it ended, or came to rest, with something unaccounted for (reads all of its pages); what is lost. */
async function findingsOf(
  ledger: LedgerClient,
  { sources, volumes }: Status,
): Promise<Map<string, JobFindings>> {
  const findings = new Map<string, JobFindings>();
  const jobs = await ledger.jobs();
  for (const { job } of sources) {
    if (job === undefined) continue;
    const hasHoles = job.state === "incomplete" || (job.state === "open" && job.idle !== undefined);
    const brokeOff = job.state !== "cancelled" && job.progress.directories.failed > 0;
    const proof = hasHoles || brokeOff ? await ledger.proof(job.id) : undefined;
    const record = jobs.find(({ id }) => id === job.id);
    findings.set(job.id, {
      proof,
      lost: record === undefined ? [] : await lostForGood(ledger, record),
      absent: absentVolumes(volumes, job.source, job),
    });
  }
  return findings;
}

async function watch(
  ledger: LedgerClient,
  source: string | undefined,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const looked = await look(ledger, source);
    if (flags.json !== true) await clearTerminal();
    await show(looked, flags);
    await sleep(lookEvery, undefined, { signal }).catch(() => undefined); // interrupted: that is how it ends
  }
}

async function wait(
  ledger: LedgerClient,
  source: string | undefined,
  flags: Flags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const job = await latestJob(ledger, source);
  const log = createLog("info");
  const view = isWatched() ? new ProgressBar() : new ProgressLines(log);
  try {
    const report = await waitForJob(job.id, { ledger, view, log, signal });
    view.close();
    await (flags.json === true ? printReport(report, ledger) : printSummary(report));
    return report.exitCode;
  } finally {
    view.close();
  }
}

async function directories(ledger: LedgerClient, source: string | undefined, { json }: Flags): Promise<void> {
  const job = await latestJob(ledger, source);
  for await (const one of ledger.directories(job.id)) {
    if (json === true) {
      await printJson(one);
      continue;
    }
    const { listed, stored, unchanged, vanished, failed } = one;
    const open = listed.objects - stored.objects - unchanged.objects - vanished.objects - failed.objects;
    const numbers = [listed, stored, unchanged, vanished, failed].map(({ objects }) => formatCount(objects));
    await print(
      ...formatTable([
        [
          one.state.padEnd(7),
          ...[...numbers, formatCount(open)].map((text) => right(text.padStart(11))),
          right(formatBytes(listed.bytes).padStart(8)),
          `${one.directory}/`,
        ],
      ]),
    );
  }
}
