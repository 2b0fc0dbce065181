import type { FailureCount, JobRecord } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import { openLedger } from "../ledger/door.ts";
import { latestJob } from "../ledger/latest-job.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { readEnvironment } from "../settings/environment.ts";
import { formatTable, right } from "../terminal/table.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";
import { filterOf } from "./retry.ts";

export interface FailedFlags extends LedgerFlags {
  readonly class?: string;
  readonly under?: string;
  readonly by?: "class" | "directory";
  readonly json?: true;
}

/** Objects shown to people; all of them with --json. */
const mostShown = 100;

export async function failed(
  source: string | undefined,
  flags: FailedFlags,
  signal: AbortSignal,
): Promise<void> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  const job = await latestJob(door.ledger, source);
  await (flags.by === undefined ? list(door.ledger, job, flags) : count(door.ledger, job, flags.by, flags));
}

async function count(
  ledger: LedgerClient,
  job: JobRecord,
  by: "class" | "directory",
  flags: FailedFlags,
): Promise<void> {
  const counts = await ledger.failureCounts(job.id, by, filterOf(flags));
  if (flags.json === true) for (const one of counts) await printJson(one);
  else await print(...formatTable(counts.map(countRow)));
}

async function list(ledger: LedgerClient, job: JobRecord, flags: FailedFlags): Promise<void> {
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
