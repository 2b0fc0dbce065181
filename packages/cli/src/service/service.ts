import { once } from "node:events";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRabbitBroker, type RabbitBroker } from "@brigade/broker";
import {
  type Broker,
  classify,
  FatalError,
  HostError,
  type Log,
  type NewerMessages,
  type Presence,
} from "@brigade/core";
import { LedgerClient } from "@brigade/ledger";
import type { LocalVolume } from "@brigade/volumes";
import { Hono } from "hono";
import type { z } from "zod";
import { createLog, flushLog } from "../logging/logging.ts";
import { type ExitCode, exitCode, exitCodeOf } from "../process/exit-code.ts";
import { hurry } from "../process/stopping.ts";
import type { BrokerAddress } from "../settings/broker-address.ts";
import {
  type ledgerServiceVariables,
  type ServiceName,
  type Settings,
  serviceTokenOf,
} from "../settings/settings.ts";
import { InHand } from "./broker/in-hand.ts";
import { metered } from "./broker/metered-broker.ts";
import { listen } from "./listening/listen.ts";
import { addHealth, Metrics, type Standing } from "./listening/metrics.ts";
import { Announcing } from "./presence/announcing.ts";
import { VolumeRooms } from "./presence/volume-rooms.ts";
import { type Begin, Workers } from "./workers.ts";

/** What a service is built with. */
export interface Service {
  readonly log: Log;
  readonly host: string;
  /** Aborted when the service is to leave. */
  readonly signal: AbortSignal;
  /** Why the broker takes no messages, for people; `undefined` while it does. */
  readonly brokerTrouble: string | undefined;
  /** Disposed of when all work has stopped and the broker is left, last first. */
  readonly resources: AsyncDisposableStack;
  /** Ends the service, which then ends with this error. */
  giveUp(error: unknown): void;
  /** Answers `/healthz`, `/metrics` and the routes of the app, until the end. */
  listen(app?: Hono): Promise<void>;
  /** Waits for the broker, as long as it takes. */
  connect(): Promise<Broker>;
  /** Begins the work for a source, shows what it is up to, and stops it when the service leaves. */
  work(source: string, begin: Begin): Promise<void>;
  /** Shows how much room the volumes have. */
  addVolumes(volumes: readonly LocalVolume[]): void;
  /**
   * Returns whether the broker takes messages of this source now; `false` while it is not
   * connected.
   */
  takesMessages(source: string): Promise<boolean>;
  /**
   * Returns why what is published for this source waits, for people; `undefined` while it does not.
   */
  waits(source: string): string | undefined;
  /** Returns the messages of the last minute that need a newer program. */
  newer(source: string): readonly NewerMessages[];
  /**
   * Returns the names of the source's queues that are missing; empty while the broker is not
   * connected.
   */
  missingQueues(source: string): Promise<readonly string[]>;
  /**
   * Calls the listener with what other services tell of themselves. To be called after `connect`.
   */
  onPresence(listener: (presence: Presence, user: string) => void): void;
}

export interface ServiceConfiguration {
  readonly service: ServiceName;
  readonly common: Settings & { readonly HTTP_HOST: string; readonly HTTP_PORT: number };
  readonly broker: BrokerAddress;
  /** Where the ledger is; `undefined` if this service is not told. */
  readonly ledger?: z.infer<typeof ledgerServiceVariables> | undefined;
  /**
   * What tells the service from others of its kind on this host, also after a restart; by default
   * the process's id.
   */
  readonly instance?: string | undefined;
}

/**
 * Milliseconds over the grace that giving work back may take, and then closing the broker, the
 * disks, the catalogue.
 */
const marginMs = 2_000;
/** Milliseconds for telling the ledger how the service is: less than until the next time. */
const tellWithin = 4_000;

/**
 * Runs a service until `stop` is aborted (then it finishes what is in hand and ends with 0) or
 * until it gives up. Throws what does not belong in the log of a service: ConfigError, and faults
 * of the program.
 */
export async function runService(
  configuration: ServiceConfiguration,
  stop: AbortSignal,
  open: (service: Service) => Promise<void>,
): Promise<ExitCode> {
  const log = createLog(configuration.common.LOG_LEVEL, { readable: false }).child({
    service: configuration.service,
  });
  try {
    await run(configuration, log, stop, open);
    flushLog();
    log.info({}, "stopped");
    return hurry.signal.aborted ? exitCode.interrupted : exitCode.complete;
  } catch (error) {
    if (!(error instanceof FatalError || error instanceof HostError)) throw error;
    flushLog();
    log.error({}, `cannot go on: ${error.message}`);
    return exitCodeOf(error);
  }
}

async function run(
  { service: name, common, broker: address, ledger: told, instance: number }: ServiceConfiguration,
  log: Log,
  stop: AbortSignal,
  open: (service: Service) => Promise<void>,
): Promise<void> {
  const trouble = new AbortController();
  const signal = AbortSignal.any([stop, trouble.signal]);
  const workers = new Workers({ log, signal, onTrouble: giveUp });
  const standing = (): Standing => ({
    broker: broker?.state ?? "connecting",
    pauses: Object.fromEntries(
      Object.entries(workers.pauses).map(([source, pauses]) => [
        source,
        [...pauses, ...publishingWaits(source)],
      ]),
    ),
  });
  const publishingWaits = (source: string): string[] => {
    const reason = broker?.waits(source);
    return reason === undefined ? [] : [`publishing waits: ${reason}`];
  };
  const rooms = new VolumeRooms(log);
  const metrics = new Metrics(standing, rooms);
  const inHand = new InHand();
  const host = hostname();
  const ofProcess = `${name}@${host}#${process.pid}`;
  const instance = number === undefined ? ofProcess : `${host}-${number}`;
  let broker: RabbitBroker | undefined;
  const ledger =
    told &&
    new LedgerClient({ url: told.LEDGER_URL, token: serviceTokenOf(told), signal, timeoutMs: tellWithin });
  const announce = (presence: Presence): void => {
    if (broker?.state !== "blocked") broker?.announce(presence);
    else
      ledger
        ?.tell(presence)
        .catch((err: unknown) => log.debug({ err }, "the ledger could not be told how this service is"));
  };
  // The ledger itself announces nothing: it is the one that is told.
  const announcing =
    name === "ledger"
      ? undefined
      : new Announcing({
          who: { service: name, host, instance, began: Math.round(performance.timeOrigin) },
          sources: () =>
            Object.entries(standing().pauses).map(([name, pauses]) => {
              const waiting = broker?.waiting(name);
              const holding = inHand.of(name);
              // While publishing waits, silence is no lack of progress.
              if (broker?.waits(name) !== undefined) holding.quietMs = 0;
              const newer = broker?.newer(name) ?? [];
              return {
                name,
                pauses: [...pauses],
                holding,
                ...(waiting && { waiting }),
                ...(newer.length > 0 && { newer }),
              };
            }),
          rooms,
          announce,
        });
  // Closed last: questions for health are answered until the end.
  await using listening = new AsyncDisposableStack();
  const resources = new AsyncDisposableStack();

  /** Ends the service with this error, unless the error comes of its leaving. */
  function giveUp(error: unknown): void {
    if (!signal.aborted || classify(error).fault !== "cancelled") trouble.abort(error);
  }

  const service: Service = {
    log,
    host,
    signal,
    resources,
    get brokerTrouble() {
      return broker === undefined ? "not connected to the broker" : broker.trouble;
    },
    giveUp,
    async listen(app = new Hono()) {
      addHealth(app, name, standing, metrics);
      const { url } = listening.use(await listen(app, { host: common.HTTP_HOST, port: common.HTTP_PORT }));
      log.info({ url }, "listening");
    },
    async connect() {
      broker = await connectRabbitBroker({
        ...address,
        consumerTimeout: common.CONSUMER_TIMEOUT_MS,
        connectionName: number === undefined ? ofProcess : `${name}@${instance}`,
        log,
        onError: giveUp,
        signal,
      });
      return metered(inHand.following(broker), metrics);
    },
    async work(source, begin) {
      inHand.count(source, () => workers.received(source));
      await workers.add(source, begin);
    },
    takesMessages: async (source) => (await broker?.takesMessages(source)) ?? false,
    waits: (source) => broker?.waits(source),
    newer: (source) => broker?.newer(source) ?? [],
    missingQueues: async (source) => (await broker?.missingQueues(source)) ?? [],
    addVolumes: (volumes) => rooms.add(volumes),
    onPresence(listener) {
      if (broker === undefined) throw new Error("there is no broker to hear presences from yet");
      broker.onPresence(listener);
    },
  };

  async function leave(graceMs: number): Promise<void> {
    const stopping = workers.stop(graceMs);
    await Promise.race([stopping, sleep(graceMs + marginMs, undefined, { ref: false }), hurried]);
    announcing?.leave();
    // This also ends all waiting for a broker that is away.
    await broker?.[Symbol.asyncDispose]();
    await stopping;
    await resources.disposeAsync();
  }

  const hurried = whenAborted(hurry.signal);
  const ended = whenAborted(signal);
  try {
    await Promise.race([ended, open(service).then(() => ended)]);
  } catch (error) {
    giveUp(error);
  }
  const graceMs = trouble.signal.aborted ? 0 : common.SHUTDOWN_GRACE_MS;
  if (!trouble.signal.aborted) log.info({ graceMs }, "stopping: what is in hand is finished");
  const patience = sleep(graceMs + 3 * marginMs, undefined, { ref: false });
  const late = Promise.race([patience, hurried.then(() => sleep(3 * marginMs))]).then(() => {
    throw new FatalError("could not leave in time: what is in hand will be delivered again");
  });
  await Promise.race([leave(graceMs), late]);
  if (trouble.signal.aborted) throw trouble.signal.reason;
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
