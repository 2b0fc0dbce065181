import { ConfigError, type Environment, type Filters } from "@brigade/core";
import type { Retried } from "@brigade/ledger";
import { type ConfiguredSource, parseSource } from "@brigade/sources";
import { type Fleet, readFleet } from "../../fleet/fleet.ts";
import { goOnWithFleetJob } from "../../fleet/go-on.ts";
import { openFleetJob, refuseOpenJob } from "../../fleet/open-job.ts";
import { refuseHarmfulPolicies } from "../../fleet/policies.ts";
import { adviceForFleet } from "../../job/advice.ts";
import { followJob } from "../../job/follow.ts";
import type { JobRequest } from "../../job/new-job.ts";
import { preflight } from "../../job/preflight.ts";
import type { FilterFlags } from "../../options/filter-options.ts";
import { filtersOf } from "../../options/filters.ts";
import { type ExitCode, exitCode } from "../../process/exit-code.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { Problems } from "../../settings/problems.ts";
import { describeForecast } from "../../status/forecast.ts";
import { print, printJson, tell } from "../../terminal/terminal.ts";

export interface StartFlags extends FilterFlags {
  readonly again?: true;
  readonly json?: true;
  readonly wait?: true;
}

export async function start(
  sourceArgument: string,
  flags: StartFlags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const environment = readEnvironment({}, process.env);
  const { fleet, request } = configure(sourceArgument, environment, flags, signal);
  await using _ = request.source;
  if (!flags.again) {
    await refuseOpenJob(request.name, fleet.ledger);
    await preflight(request.source, request.prefix, signal);
  }
  const opened = await (flags.again ? goOn : open)(fleet, request, signal);
  await tellForecast(fleet);
  if (!flags.wait) {
    await (flags.json ? printJson(opened) : print(opened.job));
    return exitCode.complete;
  }
  if (!flags.json) await print(opened.job);
  const { ledger, log } = fleet;
  const advice = adviceForFleet(opened.source);
  return await followJob(opened.job, { ledger, log, advice, json: flags.json === true, signal });
}

/** `source` also lists, for the preflight. */
type Requested = JobRequest & { readonly source: ConfiguredSource };

/**
 * A job that was opened now has listed nothing yet; others may have. The job is open, so it does
 * not matter if the ledger does not answer.
 */
async function tellForecast({ ledger }: Fleet): Promise<void> {
  const status = await ledger.status().catch(() => undefined);
  const words = status?.forecast && describeForecast(status.forecast);
  if (words !== undefined) tell(`room for what is listed so far: ${words}`);
}

function configure(sourceArgument: string, environment: Environment, flags: StartFlags, signal: AbortSignal) {
  const problems = new Problems();
  const fleet = problems.try(() => readFleet("start", environment, signal));
  const filters: Filters | undefined = problems.try(() => filtersOf(flags));
  problems.try(() => refuseFilters(flags, filters));
  const reference = problems.try(() => parseSource(sourceArgument, environment));
  const source = reference && problems.try(() => reference.create(environment, reference.name));
  problems.throwAny();
  if (!fleet || !filters || !reference || !source)
    throw new Error("a configuration problem was not reported");
  const { name, prefix } = reference;
  const request: Requested = { name, source, prefix, filters };
  return { fleet, request };
}

/** Throws ConfigError for filters beside `--again`: a job keeps its own. */
function refuseFilters({ again }: StartFlags, filters: Filters = {}): void {
  if (again && Object.keys(filters).length > 0)
    throw new ConfigError(["--again goes on with the filters that the job was started with: name none"]);
}

/** A job that was opened, or that goes on, as `--json` shows it. */
interface Opened {
  readonly job: string;
  readonly source: string;
  readonly fingerprint: string;
  readonly first: boolean;
  readonly prefix: string;
  readonly filters: Filters;
  /** What a job that goes on has to do once more. */
  readonly again?: Retried;
}

async function open(fleet: Fleet, request: JobRequest, signal: AbortSignal): Promise<Opened> {
  const { ledger } = fleet;
  await using admin = await fleet.connect();
  await refuseHarmfulPolicies(fleet.management, request.name, tell);
  const job = await openFleetJob(request, { ledger, admin, tell, signal });
  const { prefix, filters } = request;
  const { id, source, fingerprint, first = false } = job;
  return { job: id, source, fingerprint, first, prefix, filters };
}

async function goOn(fleet: Fleet, request: JobRequest, signal: AbortSignal): Promise<Opened> {
  const { ledger } = fleet;
  await using admin = await fleet.connect();
  await refuseHarmfulPolicies(fleet.management, request.name, tell);
  const { job, objects, directories } = await goOnWithFleetJob(request, { ledger, admin, tell, signal });
  const { id, source, fingerprint, prefix, filters } = job;
  return { job: id, source, fingerprint, first: false, prefix, filters, again: { objects, directories } };
}
