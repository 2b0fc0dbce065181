import type { Environment, Filters } from "@brigade/core";
import { type ConfiguredSource, parseSource } from "@brigade/sources";
import { type Fleet, readFleet } from "../../fleet/fleet.ts";
import { openFleetJob } from "../../fleet/open-job.ts";
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
import { print, printJson, tell } from "../../terminal/terminal.ts";

export interface StartFlags extends FilterFlags {
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
  const { ledger, log } = fleet;
  const advice = adviceForFleet(job.source);
  return await followJob(job.id, { ledger, log, advice, json: flags.json === true, signal });
}

/** `source` also lists, for the preflight. */
type Requested = JobRequest & { readonly source: ConfiguredSource };

function configure(sourceArgument: string, environment: Environment, flags: StartFlags, signal: AbortSignal) {
  const problems = new Problems();
  const fleet = problems.try(() => readFleet("start", environment, signal));
  const filters: Filters | undefined = problems.try(() => filtersOf(flags));
  const reference = problems.try(() => parseSource(sourceArgument, environment));
  const source = reference && problems.try(() => reference.create(environment, reference.name));
  problems.throwAny();
  if (!fleet || !filters || !reference || !source)
    throw new Error("a configuration problem was not reported");
  const { name, prefix } = reference;
  const request: Requested = { name, source, prefix, filters };
  return { fleet, request };
}

async function open(fleet: Fleet, request: JobRequest, signal: AbortSignal) {
  const { ledger } = fleet;
  await using admin = await fleet.connect();
  await refuseHarmfulPolicies(fleet.management, request.name, tell);
  return await openFleetJob(request, { ledger, admin, tell, signal });
}
