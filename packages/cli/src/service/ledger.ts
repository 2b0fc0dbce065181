import { ConfigError, type Environment, FatalError, type Log } from "@brigade/core";
import { type Catalogue, ledgerApp, openCatalogue } from "@brigade/ledger";
import type { ExitCode } from "../exit-code.ts";
import { ledgerVariables } from "../settings.ts";
import { configureService } from "./configuration.ts";
import { Records, tellingOfJobs } from "./records.ts";
import { runService } from "./service.ts";
import { Settling } from "./settling.ts";
import { configuredNames } from "./sources.ts";
import { closeStalled } from "./stalled.ts";

/** `brigade ledger`: enters the records of every configured source, and answers for them over HTTP. */
export async function runLedger(environment: Environment, stop: AbortSignal): Promise<ExitCode> {
  const configuration = configureService("ledger", environment, ledgerVariables, configuredNames);
  const { common, own, others: sources } = configuration;
  return await runService(configuration, stop, async (service) => {
    const { log, resources, giveUp } = service;
    const catalogue = resources.use(await openAlone(own.LEDGER_PATH, log));
    const records = new Map<string, Records>();
    const answering = tellingOfJobs(catalogue, ({ source }) => records.get(source)?.enter());
    await service.listen(ledgerApp(answering, { token: own.LEDGER_TOKEN, sources, log }));
    if (own.LEDGER_TOKEN === undefined && !isLoopback(common.HTTP_HOST)) {
      log.warn({}, "whoever reaches this ledger may open and close jobs: set LEDGER_TOKEN");
    }
    const settling = resources.use(new Settling(catalogue, log, giveUp));
    await settling.lookAtOpenJobs();
    const broker = await service.connect();
    for (const source of sources) records.set(source, new Records(source, catalogue, broker, service));
    for (const one of records.values()) await one.open();
    for (const source of sources) {
      const parts = { source, catalogue, broker, log, signal: service.signal, limitMs: own.STALL_LIMIT_MS };
      closeStalled(parts).catch(giveUp);
    }
    log.info({ sources, catalogue: own.LEDGER_PATH }, "at work");
  });
}

/** Throws FatalError: whatever is wrong with the catalogue, this ledger is not the one that is to run. */
async function openAlone(path: string, log: Log): Promise<Catalogue> {
  try {
    return await openCatalogue({ path, log });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new FatalError(error.message, { cause: error });
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
