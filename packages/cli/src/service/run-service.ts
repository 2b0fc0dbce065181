import { once } from "node:events";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRabbitBroker, type RabbitBroker } from "@brigade/broker";
import {
  type Broker,
  type Control,
  type ControlStates,
  classify,
  FatalError,
  type Floor,
  HostError,
  type Log,
  type Presence,
} from "@brigade/core";
import type { Forecast } from "@brigade/ledger";
import { LedgerClient } from "@brigade/ledger/http";
import { Hono } from "hono";
import { flushLog } from "../logging/kept-back.ts";
import { createLog } from "../logging/logging.ts";
import { type ExitCode, exitCode, exitCodeOf } from "../process/exit-code.ts";
import { hurry } from "../process/stopping.ts";
import { serviceTokenOf } from "../settings/settings.ts";
import { BrokerStanding } from "./broker/broker-standing.ts";
import { InHand } from "./broker/in-hand.ts";
import { metered } from "./broker/metered-broker.ts";
import { listen } from "./listening/listen.ts";
import { addHealth, Metrics, type Standing } from "./listening/metrics.ts";
import { Announcing } from "./presence/announcing.ts";
import { HeardControls } from "./presence/heard-control.ts";
import { type PlacedVolumes, VolumeRooms } from "./presence/volume-rooms.ts";
import type { Service, ServiceConfiguration } from "./service.ts";
import { type Begin, Workers } from "./workers.ts";

/**
 * Milliseconds over the grace that giving work back may take, and then closing the broker, the
 * disks, the catalogue.
 */
const marginMs = 2_000;
const waitsForOrders = "waits at its start for what people have ordered, 15 s at most";
/** Milliseconds for a report to the ledger: less than until the next one. */
const reportWithin = 4_000;

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
  const log = createLog(configuration.common.LOG_LEVEL, { readable: false, isLong: true }).child({
    service: configuration.service,
  });
  try {
    await new RunningService(configuration, log, stop).run(open);
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

/** A service from its start until it has left. */
class RunningService implements Service {
  readonly log: Log;
  readonly host = hostname();
  readonly signal: AbortSignal;
  readonly resources = new AsyncDisposableStack();
  readonly broker = new BrokerStanding(() => this.#broker);
  readonly #configuration: ServiceConfiguration;
  /** Aborted with the error that the service ends with. */
  readonly #trouble = new AbortController();
  readonly #workers: Workers;
  readonly #rooms: VolumeRooms;
  readonly #heard: HeardControls;
  readonly #metrics: Metrics;
  readonly #inHand = new InHand();
  /** Names the process. */
  readonly #process: string;
  /** Names the service, also after a restart, if the configuration numbers it. */
  readonly #instance: string;
  readonly #ledger: LedgerClient | undefined;
  /** `undefined` in the ledger, to which the other services report. */
  readonly #announcing: Announcing | undefined;
  /** Closed last: questions for health are answered until the end. */
  readonly #listening = new AsyncDisposableStack();
  #broker: RabbitBroker | undefined;

  constructor(configuration: ServiceConfiguration, log: Log, stop: AbortSignal) {
    const { service, instance, ledger } = configuration;
    this.#configuration = configuration;
    this.log = log;
    this.signal = AbortSignal.any([stop, this.#trouble.signal]);
    this.#workers = new Workers({ log, signal: this.signal, onTrouble: (error) => this.giveUp(error) });
    this.#rooms = new VolumeRooms(log);
    this.#heard = new HeardControls({
      log,
      signal: this.signal,
      onListening: () => this.#announcing?.now(),
    });
    this.#metrics = new Metrics(() => this.#standing(), this.#rooms);
    this.#process = `${service}@${this.host}#${process.pid}`;
    this.#instance = instance === undefined ? this.#process : `${this.host}-${instance}`;
    this.#ledger =
      ledger &&
      new LedgerClient({
        url: ledger.LEDGER_URL,
        token: serviceTokenOf(ledger),
        signal: this.signal,
        timeoutMs: reportWithin,
      });
    this.#announcing = service === "ledger" ? undefined : this.#announcer(service);
  }

  /**
   * Begins with `open`, and resolves when the service has left. Rejects with what it gave up for.
   */
  async run(open: (service: Service) => Promise<void>): Promise<void> {
    await using _ = this.#listening;
    const trouble = this.#trouble.signal;
    const ended = whenAborted(this.signal);
    try {
      await Promise.race([ended, open(this).then(() => ended)]);
    } catch (error) {
      this.giveUp(error);
    }
    const graceMs = trouble.aborted ? 0 : this.#configuration.common.SHUTDOWN_GRACE_MS;
    if (!trouble.aborted) this.log.info({ graceMs }, "stopping: what is in hand is finished");
    await Promise.race([this.#leave(graceMs), tooLate(graceMs)]);
    if (trouble.aborted) throw trouble.reason;
  }

  // Fields, not methods: callers take them out of the service and pass them on.

  readonly giveUp = (error: unknown): void => {
    // An error that comes of its leaving is no reason.
    if (!this.signal.aborted || classify(error).fault !== "cancelled") this.#trouble.abort(error);
  };

  readonly listen = async (app = new Hono()): Promise<void> => {
    const { service, common } = this.#configuration;
    addHealth(app, service, () => this.#standing(), this.#metrics);
    const place = { host: common.HTTP_HOST, port: common.HTTP_PORT };
    const { url } = this.#listening.use(await listen(app, place));
    this.log.info({ url }, "listening");
  };

  readonly connect = async (): Promise<Broker> => {
    const { service, broker, common, instance } = this.#configuration;
    this.#broker = await connectRabbitBroker({
      ...broker,
      consumerTimeout: common.CONSUMER_TIMEOUT_MS,
      connectionName: instance === undefined ? this.#process : `${service}@${this.#instance}`,
      log: this.log,
      onError: (error) => this.giveUp(error),
      signal: this.signal,
    });
    return metered(this.#inHand.following(this.#broker), this.#metrics);
  };

  readonly tell = (control: Control): void => {
    this.#broker?.tell(control);
  };

  readonly obey = (sources: readonly string[]): void => {
    if (this.#broker === undefined) throw new Error("there is no broker to hear orders from yet");
    this.#heard.listen(this.#broker, sources);
  };

  readonly work = async (source: string, begin: Begin): Promise<void> => {
    await this.#heard.first(source);
    if (this.signal.aborted) return;
    this.#inHand.count(source, () => this.#workers.received(source));
    await this.#workers.add(source, begin);
  };

  readonly showVolumes = (volumes: PlacedVolumes, minFree: Floor): void => {
    this.#rooms.follow(volumes, minFree);
  };

  readonly showForecast = (now: () => Forecast | undefined): void => this.#metrics.showForecast(now);

  readonly onPresence = (listener: (presence: Presence, user: string) => void): void => {
    if (this.#broker === undefined) throw new Error("there is no broker to receive presences from yet");
    this.#broker.onPresence(listener);
  };

  get controls(): ControlStates {
    return this.#heard.states;
  }

  #standing(): Standing {
    const unheard = Object.fromEntries(this.#heard.waiting.map((source) => [source, [waitsForOrders]]));
    const pauses = Object.entries({ ...unheard, ...this.#workers.pauses }).map(
      ([source, pauses]): [string, readonly string[]] => {
        const reason = this.broker.waits(source);
        return [source, reason === undefined ? pauses : [...pauses, `publishing waits: ${reason}`]];
      },
    );
    const sources = pauses.map(([source]) => source);
    return {
      broker: this.#broker?.state ?? "connecting",
      pauses: Object.fromEntries(pauses),
      fetching: bySource(sources, (source) => this.#workers.fetching(source)),
      listing: bySource(sources, (source) => this.#workers.listing(source)),
    };
  }

  #announcer(service: Presence["service"]): Announcing {
    return new Announcing({
      who: {
        service,
        host: this.host,
        instance: this.#instance,
        began: Math.round(performance.timeOrigin),
      },
      sources: () => this.#sources(),
      rooms: this.#rooms,
      announce: (presence) => this.#announce(presence),
    });
  }

  #sources(): Presence["sources"] {
    const standing = this.#standing();
    return Object.entries(standing.pauses).map(([name, pauses]) => {
      const waiting = this.#broker?.waiting(name);
      const holding = this.#inHand.of(name);
      // While publishing waits, silence is no lack of progress.
      if (this.broker.waits(name) !== undefined) holding.quietMs = 0;
      const newer = [...this.broker.newer(name)];
      const fetching = standing.fetching[name];
      const listing = standing.listing[name];
      const control = this.#heard.of(name);
      return {
        name,
        pauses: [...pauses],
        holding,
        ...(fetching && { fetching }),
        ...(listing && { listing }),
        ...(waiting && { waiting }),
        ...(control && { control }),
        ...(newer.length > 0 && { newer }),
      };
    });
  }

  #announce(presence: Presence): void {
    if (this.#broker?.state !== "blocked") this.#broker?.announce(presence);
    else
      this.#ledger
        ?.announce(presence)
        .catch((err: unknown) =>
          this.log.debug({ err }, "the report of this service did not reach the ledger"),
        );
  }

  async #leave(graceMs: number): Promise<void> {
    const stopping = this.#workers.stop(graceMs);
    const patience = sleep(graceMs + marginMs, undefined, { ref: false });
    await Promise.race([stopping, patience, whenAborted(hurry.signal)]);
    this.#announcing?.leave();
    // This also ends all waiting for a broker that is away.
    await this.#broker?.[Symbol.asyncDispose]();
    await stopping;
    await this.resources.disposeAsync();
  }
}

/** Returns what is found for the sources, without those for which that is `undefined`. */
function bySource<T>(sources: readonly string[], find: (source: string) => T | undefined): Record<string, T> {
  const found = sources.flatMap((source) => {
    const one = find(source);
    return one === undefined ? [] : [[source, one] as const];
  });
  return Object.fromEntries(found);
}

/** Rejects when leaving has taken too long. */
async function tooLate(graceMs: number): Promise<never> {
  const hurried = whenAborted(hurry.signal).then(() => sleep(3 * marginMs));
  await Promise.race([sleep(graceMs + 3 * marginMs, undefined, { ref: false }), hurried]);
  throw new FatalError("could not leave in time: what is in hand will be delivered again");
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
