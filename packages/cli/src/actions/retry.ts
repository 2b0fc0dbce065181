import type { FailureFilter } from "@brigade/ledger";
import { openLedger } from "../ledger/door.ts";
import { latestJob } from "../ledger/latest-job.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { readEnvironment } from "../settings/environment.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { formatCount } from "../terminal/units.ts";

export interface RetryFlags extends LedgerFlags {
  readonly class?: string;
  readonly under?: string;
  readonly json?: true;
}

export function filterOf({ class: kind, under }: Pick<RetryFlags, "class" | "under">): FailureFilter {
  return { ...(kind !== undefined && { class: kind }), ...(under !== undefined && { under }) };
}

export async function retry(
  source: string | undefined,
  flags: RetryFlags,
  signal: AbortSignal,
): Promise<void> {
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
