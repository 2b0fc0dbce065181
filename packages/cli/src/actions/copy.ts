import { bandwidth as bandwidthSchema, ConfigError, type Environment, integer } from "@brigade/core";
import { namesSchema } from "@brigade/volumes";
import { configure } from "../copy/configuration.ts";
import { dryRun } from "../copy/dry-run.ts";
import { runCopy } from "../copy/run.ts";
import { adviceForCopy } from "../job/advice.ts";
import { ProgressLines } from "../job/progress.ts";
import { printReport, printSummary } from "../job/report.ts";
import { stateFolderAt, stateFolderOf } from "../ledger/state-folder.ts";
import { withinLimits } from "../limits/within-limits.ts";
import { flushLog } from "../logging/kept-back.ts";
import { createLog } from "../logging/logging.ts";
import type { FilterFlags } from "../options/filter-options.ts";
import { filtersOf } from "../options/filters.ts";
import { readOption } from "../options/read-option.ts";
import { type AllowPrivateFlags, allowPrivate } from "../options/source-options.ts";
import type { ExitCode } from "../process/exit-code.ts";
import { exitCode } from "../process/exit-code.ts";
import { inTime } from "../process/stopping.ts";
import { readEnvironment } from "../settings/environment.ts";
import { Problems } from "../settings/problems.ts";
import { httpPorts } from "../settings/settings.ts";
import { isWatched, tell } from "../terminal/terminal.ts";
import { someFolders } from "../volumes/named-folders.ts";
import { VolumeMemory } from "../volumes/volume-memory.ts";

export interface CopyFlags extends FilterFlags, AllowPrivateFlags {
  readonly dryRun?: true;
  readonly json?: true;
  readonly restart?: true;
  readonly durability?: string;
  readonly concurrency?: string;
  readonly bandwidth?: string;
  readonly stateDir?: string;
  readonly names?: string;
  readonly newVolume?: true;
  readonly logLevel?: string;
  readonly http?: string | true;
}

export async function copy(
  source: string,
  volumes: string[],
  flags: CopyFlags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { configuration, environment, roots, state, filters, names, httpPort, bandwidth, isDry } =
    configureCopy(source, volumes, flags);
  const bar = isWatched() ? new (await import("../job/progress-bar.ts")).ProgressBar() : undefined;
  const log = createLog(configuration.settings.LOG_LEVEL, { isLong: true, above: bar });
  const view = bar ?? new ProgressLines(log);
  try {
    if (isDry) {
      await dryRun({ configuration, filters, log, view, signal, json: flags.json === true });
      return exitCode.complete;
    }
    const wanted = {
      roots,
      state,
      memory: new VolumeMemory(environment),
      newVolume: flags.newVolume === true,
      names,
    };
    const run = runCopy(
      {
        configuration,
        volumes: wanted,
        filters,
        restart: flags.restart === true,
        bandwidth,
        page:
          httpPort === undefined
            ? undefined
            : { port: httpPort, tell: createLog("info", { isLong: true, above: bar }) },
        log,
        view,
        signal,
      },
      async (report, { questions }) => {
        flushLog();
        await (flags.json === true ? printReport(report, questions) : printSummary(report, adviceForCopy));
      },
    );
    const report = await inTime(run, signal, configuration.settings.SHUTDOWN_GRACE_MS);
    return report.exitCode;
  } finally {
    flushLog();
    view.close();
  }
}

/** Returns what the command line and the environment ask for. Throws ConfigError with all problems. */
function configureCopy(source: string, volumes: string[], flags: CopyFlags) {
  const given = readEnvironment(
    {
      DURABILITY: flags.durability,
      FETCH_CONCURRENCY: flags.concurrency,
      ALLOW_PRIVATE: allowPrivate(flags),
      STATE_DIR: flags.stateDir,
      LOG_LEVEL: flags.logLevel,
    },
    process.env,
  );
  const problems = new Problems();
  const roots = problems.try(() => someFolders(volumes, given)) ?? [];
  const needs = { volumes: Math.max(1, roots.length), service: false };
  const environment = problems.try(() => withinLimits(given, needs, tell)) ?? given;
  const filters = problems.try(() => filtersOf(flags)) ?? {};
  const state = problems.try(() => stateOf(roots, environment)) ?? "";
  const isDry = flags.dryRun === true; // and leaves no files behind
  const configuration = problems.try(() =>
    configure(source, { ...environment, STATE_DIR: isDry ? undefined : state }),
  );
  const httpPort = problems.try(() => portOf(flags.http));
  const bandwidth = problems.try(() => readOption("--bandwidth", bandwidthSchema, flags.bandwidth));
  const names = problems.try(() => readOption("--names", namesSchema, flags.names));
  problems.throwAny();
  if (configuration === undefined) throw new Error("a configuration problem was not reported");
  configuration.source.pacing.limit({ bandwidth });
  return { configuration, environment, roots, state, filters, names, httpPort, bandwidth, isDry };
}

/** Throws ConfigError. */
function stateOf(roots: readonly string[], environment: Environment): string {
  const given = environment.STATE_DIR?.trim() ?? "";
  return given === "" ? stateFolderOf(roots[0] ?? "") : stateFolderAt(given, roots);
}

/** Throws ConfigError. */
function portOf(text: string | true | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === true) return httpPorts.ledger;
  const parsed = integer({ max: 65_535 }).safeParse(text);
  if (!parsed.success) throw new ConfigError(["--http: must be a port, 0 to 65535"]);
  return parsed.data;
}
