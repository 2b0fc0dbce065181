import type { FailureFilter } from "@brigade/ledger";
import type { Command } from "commander";
import { openLedger } from "../ledger/door.ts";
import { latestJob } from "../ledger/latest-job.ts";
import { addLedgerOptions, type LedgerFlags } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import { readEnvironment } from "../settings/environment.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { formatCount } from "../terminal/units.ts";

interface Flags extends LedgerFlags {
  readonly class?: string;
  readonly under?: string;
  readonly json?: true;
}

/** `brigade retry`: failed objects, and what a job has holes of, are put back to work. */
export function addRetry(program: Command, signal: AbortSignal): void {
  const command = addCommand(program, "retry")
    .argument("[source]", "a source's name; not needed if there is only one")
    .option("--class <class>", "only failures of this class, as `failed` shows them")
    .option("--under <prefix>", "only keys that begin so");
  addLedgerOptions(command)
    .option("--json", "one JSON document on stdout")
    .action(async (source: string | undefined, flags: Flags) => {
      await retry(source, flags, signal);
    });
}

export function filterOf({ class: kind, under }: Pick<Flags, "class" | "under">): FailureFilter {
  return { ...(kind !== undefined && { class: kind }), ...(under !== undefined && { under }) };
}

async function retry(source: string | undefined, flags: Flags, signal: AbortSignal): Promise<void> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  const job = await latestJob(door.ledger, source);
  const { objects, directories } = await door.ledger.retry(job.id, filterOf(flags));
  if (flags.json === true) {
    await printJson({ job: job.id, source: job.source, objects, directories });
    return;
  }
  const what = `${formatCount(objects)} objects and ${formatCount(directories)} directories of ${job.source}`;
  const next =
    door.state === undefined || objects + directories === 0 ? "" : ": run the same `brigade copy` again";
  await print(objects + directories === 0 ? "nothing to try again" : `${what} are put back to work${next}`);
}
