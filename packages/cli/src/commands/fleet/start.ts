import type { Environment, Filters } from "@brigade/core";
import { type ConfiguredSource, parseSource } from "@brigade/sources";
import type { Command } from "commander";
import { preflight } from "../../copy/preflight.ts";
import { ProgressBar, ProgressLines } from "../../copy/progress.ts";
import { printReport, printSummary, type RunReport } from "../../copy/report.ts";
import { type Fleet, readFleet } from "../../fleet/fleet.ts";
import { type FleetJobRequest, openFleetJob } from "../../fleet/open-job.ts";
import { refuseHarmfulPolicies } from "../../fleet/policies.ts";
import { waitForJob } from "../../fleet/wait.ts";
import { type ExitCode, exitCode } from "../../process/exit-code.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { Problems } from "../../settings/problems.ts";
import { isWatched, print, printJson, tell } from "../../terminal/terminal.ts";
import { addFilterOptions, type FilterFlags, filtersOf } from "../options/filter-options.ts";

interface Flags extends FilterFlags {
  readonly json?: true;
  readonly wait?: true;
}

/** `brigade start`: opens a job for the fleet. */
export function addStart(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = program
    .command("start")
    .description("open a job for the fleet: its lister and downloaders bring the bucket home")
    .argument("<source>", "the name of a configured source, or its URL");
  addFilterOptions(command)
    .option("--wait", "follow the job until it is closed; the exit code tells how it ended")
    .option("--json", "the job (with --wait: its result) as one JSON document on stdout")
    .action(async (source: string, flags: Flags) => {
      done(await start(source, flags, signal));
    });
}

async function start(sourceArgument: string, flags: Flags, signal: AbortSignal): Promise<ExitCode> {
  const environment = readEnvironment({}, process.env);
  const { fleet, request } = configure(sourceArgument, environment, flags, signal);
  await using _ = request.source;
  await preflight(request.source, request.prefix, signal);
  const job = await open(fleet, request, signal);
  if (!flags.wait) {
    const { prefix, filters } = request;
    const { id, source, fingerprint, first = false } = job;
    const opened = { job: id, source, fingerprint, first, prefix, filters };
    await (flags.json ? printJson(opened) : print(id));
    return exitCode.complete;
  }
  if (!flags.json) await print(job.id);
  const report = await follow(fleet, job.id, signal);
  if (report === undefined) return exitCode.interrupted;
  await (flags.json ? printReport(report, fleet.ledger) : printSummary(report));
  return report.exitCode;
}

function configure(sourceArgument: string, environment: Environment, flags: Flags, signal: AbortSignal) {
  const problems = new Problems();
  const fleet = problems.try(() => readFleet("start", environment, signal));
  const filters: Filters | undefined = problems.try(() => filtersOf(flags));
  const reference = problems.try(() => parseSource(sourceArgument, environment));
  const source = reference && problems.try(() => reference.create(environment, reference.name));
  problems.throwAny();
  if (!fleet || !filters || !reference || !source) throw new Error("a configuration problem was not told");
  const { name, prefix } = reference;
  const request: FleetJobRequest & { source: ConfiguredSource } = { name, source, prefix, filters };
  return { fleet, request };
}

async function open(fleet: Fleet, request: FleetJobRequest, signal: AbortSignal) {
  const { ledger } = fleet;
  await using admin = await fleet.connect();
  await refuseHarmfulPolicies(fleet.management, request.name, tell);
  return await openFleetJob(request, { ledger, admin, tell, signal });
}

/** The result, or nothing when nobody wants to wait any longer. */
async function follow(
  { ledger, log }: Fleet,
  job: string,
  signal: AbortSignal,
): Promise<RunReport | undefined> {
  const view = isWatched() ? new ProgressBar() : new ProgressLines(log);
  try {
    return await waitForJob(job, { ledger, view, log, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    tell(`no longer waiting; the job ${job} goes on`);
    return undefined;
  } finally {
    view.close();
  }
}
