import type { Broker, Control, ControlStates, Floor, Log, Presence } from "@brigade/core";
import type { Forecast } from "@brigade/ledger";
import type { Hono } from "hono";
import type { z } from "zod";
import type { BrokerAddress } from "../settings/broker-address.ts";
import type { ledgerServiceVariables, ServiceName, Settings } from "../settings/settings.ts";
import type { BrokerStanding } from "./broker/broker-standing.ts";
import type { PlacedVolumes } from "./presence/volume-rooms.ts";
import type { Begin } from "./workers.ts";

/** What a service is built with. */
export interface Service {
  readonly log: Log;
  readonly host: string;
  /** Aborted when the service is to leave. */
  readonly signal: AbortSignal;
  readonly broker: BrokerStanding;
  /** Disposed of when all work has stopped and the broker is left, last first. */
  readonly resources: AsyncDisposableStack;
  /** Ends the service, which then ends with this error. */
  giveUp(error: unknown): void;
  /** Answers `/healthz`, `/metrics` and the routes of the app, until the end. */
  listen(app?: Hono): Promise<void>;
  /** Waits for the broker, as long as it takes. */
  connect(): Promise<Broker>;
  /** Tells services what people have ordered. What cannot be told now is dropped. */
  tell(control: Control): void;
  /** What people have ordered, as far as it was heard. */
  readonly controls: ControlStates;
  /**
   * Hears what people order of these sources from now on; `work` waits for the first word. To be
   * called after `connect`.
   */
  obey(sources: readonly string[]): void;
  /** Begins the work for a source, shows what it is up to, and stops it when the service leaves. */
  work(source: string, begin: Begin): Promise<void>;
  /** Shows how the volumes are, and how much room they have. `minFree`: what stays free of each disk. */
  showVolumes(volumes: PlacedVolumes, minFree: Floor): void;
  /** Shows a forecast among the metrics. `now` is called at each scrape. */
  showForecast(now: () => Forecast | undefined): void;
  /**
   * Calls the listener with what other services report of themselves. To be called after `connect`.
   */
  onPresence(listener: (presence: Presence, user: string) => void): void;
}

export interface ServiceConfiguration {
  readonly service: ServiceName;
  readonly common: Settings & { readonly HTTP_HOST: string; readonly HTTP_PORT: number };
  readonly broker: BrokerAddress;
  /** Where the ledger is; `undefined` if that is not configured. */
  readonly ledger?: z.infer<typeof ledgerServiceVariables> | undefined;
  /**
   * Distinguishes the service from others of its kind on this host, also after a restart; by default
   * the process's id.
   */
  readonly instance?: string | undefined;
}
