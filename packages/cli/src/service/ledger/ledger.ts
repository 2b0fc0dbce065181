import type { Broker, Environment, Presence } from "@brigade/core";
import {
  type FailureFilter,
  type GoneOn,
  type GoOn,
  goOnWithJob,
  type JobRecord,
  type Retried,
  retryJob,
} from "@brigade/ledger";
import { createStatus, type LiveStatus, ledgerApp } from "@brigade/ledger/http";
import { ControlDesk } from "../../control/control-desk.ts";
import { depthsOf } from "../../job/queue-depths.ts";
import type { ExitCode } from "../../process/exit-code.ts";
import { ledgerVariables, type Settings } from "../../settings/settings.ts";
import { configureService } from "../configuration.ts";
import { runService } from "../run-service.ts";
import { configuredNames } from "../sources.ts";
import { CatalogueDisk } from "./catalogue-disk.ts";
import { ledgerDoors } from "./doors.ts";
import { stillUnderWay } from "./going-on.ts";
import { Holders } from "./holders.ts";
import { publishingNow } from "./publishing-now.ts";
import { notifyingOfJobs, Records } from "./records.ts";
import { Settling } from "./settling.ts";
import { closeStalled } from "./stalled.ts";

/**
 * `brigade ledger`: enters the records of every configured source, and answers questions over HTTP.
 */
export async function runLedger(environment: Environment, stop: AbortSignal): Promise<ExitCode> {
  const configuration = configureService("ledger", environment, ledgerVariables, configuredNames);
  const { common, own, others: sources } = configuration;
  const doors = ledgerDoors(own, common.HTTP_HOST);
  return await runService(configuration, stop, async (service) => {
    const { log, resources, giveUp } = service;
    const connected = Promise.withResolvers<Broker>();
    const disk = new CatalogueDisk(log);
    const opened = resources.use(await disk.open(own.LEDGER_PATH, service.signal));
    const standing = service.broker;
    const holders = new Holders();
    const desk = resources.use(
      await ControlDesk.open({ kept: opened.orders, sources, workers: (source) => holders.workers(source) }),
    );
    const status = resources.use(
      await createStatus({
        catalogue: opened,
        sources,
        depths: async (source) => depthsOf(await connected.promise, source),
        missingQueues: (source) => standing.missingQueues(source),
        newer: (source) => standing.newer(source),
        brokerTrouble: () => standing.trouble,
        standing: () => desk.standing,
        onPresence: (heard) => {
          holders.note(heard);
          desk.tell(unheardIn(heard, sources));
        },
        log,
      }),
    );
    service.showForecast(() => status.current().forecast);
    const { catalogue } = status;
    const records = new Map<string, Records>();
    const answering = notifyingOfJobs(catalogue, ({ source }) => records.get(source)?.enter());
    const retry = async (job: JobRecord, filter: FailureFilter): Promise<Retried> => {
      return await publishingNow(service, job.source, async () => {
        const parts = { catalogue, broker: await connected.promise, ...batchSize(common) };
        return await retryJob({ ...parts, idle: isIdle(status, job) }, job.id, filter);
      });
    };
    const wentOnAt = new Map<string, number>();
    const goOn = async (job: JobRecord, how: GoOn): Promise<GoneOn> => {
      const waits = stillUnderWay(status.current(), job, how, wentOnAt.get(job.id) ?? -Infinity);
      if (waits !== undefined) return waits;
      return await publishingNow(service, job.source, async () => {
        const parts = { catalogue, broker: await connected.promise, ...batchSize(common) };
        wentOnAt.set(job.id, status.current().at);
        return await goOnWithJob(parts, job.id);
      });
    };
    await service.listen(ledgerApp(answering, { ...doors, sources, status, retry, goOn, desk, log }));
    const settling = resources.use(new Settling(catalogue, log, giveUp));
    await settling.lookAtOpenJobs();
    const broker = await service.connect();
    connected.resolve(broker);
    desk.begin(service);
    const { management } = configuration.broker;
    service.onPresence((presence, user) => status.notePresence(presence, user));
    for (const source of sources) {
      records.set(source, new Records(source, catalogue, broker, service, () => disk.trouble));
    }
    for (const one of records.values()) await one.open();
    for (const source of sources) {
      closeStalled({
        source,
        catalogue,
        broker,
        acceptsMessages: () => standing.acceptsMessages(source),
        holders,
        isPaused: () => desk.standing.sources.some((one) => one.source === source && one.hold !== undefined),
        waiting: management && (() => management.waiting(source)),
        log,
        signal: service.signal,
        limitMs: own.STALL_LIMIT_MS,
      }).catch(giveUp);
    }
    log.info({ sources, catalogue: own.LEDGER_PATH }, "at work");
  });
}

/**
 * Milliseconds. What a downloader has in hand is in no queue, so a job is at rest only after this
 * time without a record.
 */
const restMs = 60_000;

/**
 * Returns whether no work of the job is under way: what has no outcome will not get one by itself.
 */
function isIdle(status: LiveStatus, { id, source, state }: JobRecord): boolean {
  if (state !== "open") return true;
  const { at, sources } = status.current();
  const job = sources.find((one) => one.source === source)?.job;
  return job?.id === id && job.idle !== undefined && at - job.idle.since >= restMs;
}

/** Returns the sources of which a service that has just begun has heard nothing yet. */
function unheardIn({ sources }: Presence, known: readonly string[]): string[] {
  return sources
    .filter(({ control }) => control !== undefined && control.revision === undefined)
    .map(({ name }) => name)
    .filter((name) => known.includes(name));
}

function batchSize({ BATCH_FILES, BATCH_BYTES }: Settings) {
  return { batchFiles: BATCH_FILES, batchBytes: BATCH_BYTES };
}
