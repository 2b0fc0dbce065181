import { type Environment, HostError } from "@brigade/core";
import { LedgerClient } from "@brigade/ledger/http";
import { createLister } from "@brigade/lister";
import { withRetry } from "@brigade/sources";
import { obeyLimits } from "../../control/limits/obey-limits.ts";
import { obeyHold } from "../../control/obey-hold.ts";
import { ListingWatch } from "../../job/listing.ts";
import { Load } from "../../job/load.ts";
import type { ExitCode } from "../../process/exit-code.ts";
import { ledgerServiceVariables, listerOptions, serviceTokenOf } from "../../settings/settings.ts";
import { configureService } from "../configuration.ts";
import { runService } from "../run-service.ts";
import { logSource } from "../source-log.ts";
import { configuredSources } from "../sources.ts";
import { CancelledJobs, withoutCancelled } from "./cancelled.ts";
import { logPauses } from "./pause-log.ts";

/** `brigade lister`: lists every configured source. */
export async function runLister(environment: Environment, stop: AbortSignal): Promise<ExitCode> {
  const configuration = configureService("lister", environment, ledgerServiceVariables, configuredSources);
  const { common, own } = configuration;
  return await runService(configuration, stop, async (service) => {
    const { log, signal, giveUp, host } = service;
    const sources = configuration.others.map(({ name, source }) => ({
      name,
      source: service.resources.use(source),
    }));
    const history = new LedgerClient({ url: own.LEDGER_URL, token: serviceTokenOf(own), signal });
    const cancelled = new CancelledJobs(history, log);
    await service.listen();
    cancelled.follow(signal).catch(giveUp);
    const broker = withoutCancelled(await service.connect(), cancelled);
    service.obey(sources.map(({ name }) => name));
    const list = async ({ name, source }: (typeof sources)[number]) => {
      const ofSource = log.child({ source: name });
      logSource(source, ofSource);
      const control = service.controls.of(name);
      service.resources.use(obeyHold(source, control));
      service.resources.use(obeyLimits(source, control, { role: "lister", host }));
      await service.work(name, async (onGiveUp) => {
        const lister = await createLister(
          {
            source,
            pace: withRetry,
            name,
            broker,
            history,
            historyIsAway: (error) => error instanceof HostError,
            host,
            log: ofSource,
            onGiveUp,
            control,
            monotonic: source.pacing.workingTime,
            onBan: () => source.pacing.banned(),
          },
          listerOptions(common),
        );
        const listing = new ListingWatch(source.pacing, lister, new Load());
        const over = new AbortController();
        const working = AbortSignal.any([signal, over.signal]);
        logPauses({ source: name, pauses: () => lister.pauses, broker, log, signal: working }).catch(giveUp);
        return {
          get listing() {
            return listing.now;
          },
          get pauses() {
            return lister.pauses;
          },
          async stop() {
            over.abort();
            await lister[Symbol.asyncDispose]();
          },
        };
      });
    };
    await Promise.all(sources.map(list));
    log.info({ sources: sources.map(({ name }) => name) }, "at work");
  });
}
