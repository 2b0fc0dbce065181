import type { Environment } from "@brigade/core";
import type { Command } from "commander";
import { readEnvironment } from "../environment.ts";
import type { ExitCode } from "../exit-code.ts";
import { withinLimits } from "../limits/within-limits.ts";
import { createLog } from "../logging.ts";
import { runDownloader } from "../service/downloader.ts";
import { runLedger } from "../service/ledger.ts";
import { runLister } from "../service/lister.ts";

type Run = (environment: Environment, stop: AbortSignal) => Promise<ExitCode>;

const services: readonly { readonly name: string; readonly description: string; readonly run: Run }[] = [
  {
    name: "lister",
    description: "service: lists the buckets of SOURCES for the fleet",
    run: runLister,
  },
  {
    name: "downloader",
    description: "service: fetches objects of SOURCES onto this host's VOLUMES",
    run: runDownloader,
  },
  {
    name: "ledger",
    description: "service: keeps the accounts of all jobs, and answers for them over HTTP",
    run: runLedger,
  },
];

/** `brigade lister | downloader | ledger`: everything is configured by the environment. Gives the commands. */
export function addServices(program: Command, done: (code: ExitCode) => void, stop: AbortSignal): Command[] {
  return services.map(({ name, description, run }) =>
    program
      .command(name)
      .description(description)
      .action(async () => done(await run(serviceEnvironment(), stop))),
  );
}

function serviceEnvironment(): Environment {
  const environment = readEnvironment({}, process.env);
  const volumes = (environment.VOLUMES ?? "").split(":").filter((root) => root.trim() !== "").length;
  const log = createLog("info", { readable: false });
  return withinLimits(environment, { volumes, service: true }, (line) => log.warn({}, line));
}
