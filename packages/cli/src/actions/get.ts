import { configureGet, type GetFlags } from "../get/configuration.ts";
import { getAll } from "../get/get-all.ts";
import { GetLines, noView } from "../get/progress.ts";
import { getConnections } from "../limits/get-connections.ts";
import { createLog } from "../logging/logging.ts";
import type { ExitCode } from "../process/exit-code.ts";
import { readEnvironment } from "../settings/environment.ts";
import { isWatched, tell } from "../terminal/terminal.ts";

export async function get(urls: readonly string[], flags: GetFlags, signal: AbortSignal): Promise<ExitCode> {
  const wanted = configureGet(urls, flags, readEnvironment({}, process.env));
  const configuration = { ...wanted, connections: getConnections(wanted.connections, tell) };
  const quiet = flags.quiet === true;
  const bars = isWatched() && !quiet ? new (await import("../get/bars.ts")).GetBars() : undefined;
  const log = createLog(quiet ? "error" : configuration.logLevel, { above: bars });
  for (const warning of configuration.warnings) log.warn({}, warning);
  const view = bars ?? (quiet ? noView : new GetLines(log));
  const results = flags.json === true ? "json" : quiet ? "none" : "text";
  return await getAll({ configuration, log, view, results }, signal);
}
