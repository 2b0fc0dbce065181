import type { FailureCount, JobRecord, LedgerClient } from "@brigade/ledger";
import { type Command, Option } from "commander";
import { openLedger } from "../ledger/door.ts";
import { latestJob } from "../ledger/latest-job.ts";
import { addLedgerOptions, type LedgerFlags } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import { readEnvironment } from "../settings/environment.ts";
import { formatTable, right } from "../terminal/table.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";
import { filterOf } from "./retry.ts";

interface Flags extends LedgerFlags {
  readonly class?: string;
  readonly under?: string;
  readonly by?: "class" | "directory";
  readonly json?: true;
}

/** Objects shown to people; all of them with --json. */
const mostShown = 100;

/** `brigade failed`: the objects of a source's last job that failed. */
export function addFailed(program: Command, signal: AbortSignal): void {
  const command = addCommand(program, "failed")
    .argument("[source]", "a source's name; not needed if there is only one")
    .option("--class <class>", "only failures of this class")
    .option("--under <prefix>", "only keys that begin so")
    .addOption(
      new Option("--by <what>", "only the numbers, by class or by directory").choices(["class", "directory"]),
    );
  addLedgerOptions(command)
    .option("--json", "one JSON document per line on stdout, for all objects")
    .action(async (source: string | undefined, flags: Flags) => {
      await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
      const job = await latestJob(door.ledger, source);
      await (flags.by === undefined
        ? list(door.ledger, job, flags)
        : count(door.ledger, job, flags.by, flags));
    });
}

async function count(
  ledger: LedgerClient,
  job: JobRecord,
  by: "class" | "directory",
  flags: Flags,
): Promise<void> {
  const counts = await ledger.failureCounts(job.id, by, filterOf(flags));
  if (flags.json === true) for (const one of counts) await printJson(one);
  else await print(...formatTable(counts.map(countRow)));
}

async function list(ledger: LedgerClient, job: JobRecord, flags: Flags): Promise<void> {
  const filter = filterOf(flags);
  if (flags.json === true) {
    for await (const miss of ledger.failures(job.id, filter)) await printJson(miss);
    return;
  }
  const counts = await ledger.failureCounts(job.id, "class", filter);
  const total = counts.reduce((sum, { objects }) => sum + objects, 0);
  if (total === 0) {
    await print(`${job.source}: nothing failed`);
    return;
  }
  const counted = formatTable(counts.map(countRow), "  ");
  await print(`${job.source}: ${formatCount(total)} failed in ${job.id}`, ...counted, "");
  const rows: string[][] = [];
  for await (const miss of ledger.failures(job.id, filter)) {
    rows.push([miss.class ?? "unknown", miss.key, miss.reason]);
    if (rows.length === mostShown) break;
  }
  await print(...formatTable(rows));
  if (total > rows.length) await print(`… and ${formatCount(total - rows.length)} more: --json shows all`);
}

function countRow({ name, objects, bytes }: FailureCount) {
  return [right(formatCount(objects)), right(formatBytes(bytes)), name];
}
