import type { Log } from "@brigade/core";
import type { LedgerClient } from "@brigade/ledger/http";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { isWatched, tell } from "../terminal/terminal.ts";
import type { Advice } from "./advice.ts";
import { ProgressLines } from "./progress.ts";
import { type JobReport, printReport, printSummary } from "./report.ts";
import { waitForJob } from "./wait.ts";

export interface FollowParts {
  readonly ledger: LedgerClient;
  readonly advice: Advice;
  readonly log: Log;
  readonly json: boolean;
  /** Ends the waiting, not the job. */
  readonly signal: AbortSignal;
}

/**
 * Shows a job's progress until it is closed, then prints how it ended. Throws FatalError if it was
 * cancelled.
 */
export async function followJob(id: string, parts: FollowParts): Promise<ExitCode> {
  const { ledger, advice, json } = parts;
  const report = await awaited(id, parts);
  if (report === undefined) return exitCode.interrupted;
  await (json ? printReport(report, ledger) : printSummary(report, advice));
  return report.exitCode;
}

/** Returns the report; `undefined` if the waiting was interrupted. */
async function awaited(id: string, { ledger, log, signal }: FollowParts): Promise<JobReport | undefined> {
  const view = isWatched() ? new (await import("./progress-bar.ts")).ProgressBar() : new ProgressLines(log);
  try {
    return await waitForJob(id, { ledger, view, log, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    tell(`no longer waiting; this does not end the job ${id}`);
    return undefined;
  } finally {
    view.close();
  }
}
