import type { BrokerState } from "@brigade/broker";
import type { Fetching, Message } from "@brigade/core";
import type { Forecast } from "@brigade/ledger";
import type { Hono } from "hono";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { VolumeRooms } from "../presence/volume-rooms.ts";

/** How a service is at one moment. */
export interface Standing {
  readonly broker: BrokerState;
  /** Why work pauses, by source. */
  readonly pauses: Readonly<Record<string, readonly string[]>>;
  /** How much comes at once, by source; empty for services that fetch nothing. */
  readonly fetching: Readonly<Record<string, Fetching>>;
  /** How much is listed at once, by source; empty for services that list nothing. */
  readonly listing: Readonly<Record<string, Fetching>>;
}

const brokerStates: readonly BrokerState[] = ["connected", "blocked", "connecting"];

/**
 * A service's figures for Prometheus. Counters start at 0 with the process. What is delivered again
 * counts again.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #objects = this.#counter("objects_total", "Objects by what became of them", ["source", "outcome"]);
  readonly #bytes = this.#counter("bytes_total", "Bytes stored", ["source"]);
  readonly #pages = this.#counter("pages_total", "Pages listed", ["source"]);
  readonly #listed = this.#counter("listed_objects_total", "Objects on listed pages", ["source"]);
  readonly #settled = this.#counter("deliveries_total", "Deliveries by verdict", [
    "source",
    "queue",
    "verdict",
  ]);
  readonly #inHand = this.#gauge("deliveries_in_hand", "Deliveries being worked on", ["source", "queue"]);

  /** `standing` is called at each scrape. Of `rooms`, the latest is shown. */
  constructor(standing: () => Standing, rooms: VolumeRooms) {
    collectDefaultMetrics({ register: this.registry });
    this.#gauge("paused", "1 while work pauses, by reason", ["source", "reason"], (gauge) => {
      gauge.reset();
      for (const [source, reasons] of Object.entries(standing().pauses))
        for (const reason of reasons) gauge.set({ source, reason }, 1);
    });
    this.#showInFlight("fetches_in_flight", "Bodies that come at once", () => standing().fetching);
    this.#showInFlight("listings_in_flight", "Pages that are listed at once", () => standing().listing);
    this.#gauge("broker_state", "1 for the state that the link to the broker is in", ["state"], (gauge) => {
      const { broker } = standing();
      for (const state of brokerStates) gauge.set({ state }, Number(state === broker));
    });
    this.#showRooms("volume_free_bytes", "Bytes that are free on a volume's disk", rooms, "free");
    this.#gauge(
      "volume_state",
      "1 for the state that a volume is in",
      ["volume", "label", "state"],
      (gauge) => {
        gauge.reset();
        for (const { id, label, standing } of rooms.latest)
          if (standing !== undefined) gauge.set({ volume: id, label, state: standing.state }, 1);
      },
    );
    this.#showRooms("volume_size_bytes", "Bytes of a volume's disk", rooms, "size");
    this.#showRooms("volume_floor_bytes", "Bytes that stay free on a volume's disk", rooms, "floor");
  }

  /** `now` is called at each scrape. */
  showForecast(now: () => Forecast | undefined): void {
    this.#gauge("room_missing_bytes", "Bytes of open jobs that no disk has room for", [], (gauge) => {
      gauge.reset();
      const forecast = now();
      if (forecast !== undefined) gauge.set(forecast.missing);
    });
    const labels: ("volume" | "label" | "host")[] = ["volume", "label", "host"];
    this.#gauge("volume_full_in_seconds", "Seconds until a disk is full", labels, (gauge) => {
      gauge.reset();
      for (const { volume, host, label = "", seconds } of now()?.full ?? [])
        gauge.set({ volume, label, host }, seconds);
    });
  }

  published(message: Message): void {
    const { source } = message.job;
    if (message.type === "page") {
      this.#pages.inc({ source });
      this.#listed.inc({ source }, message.count);
    }
    if (message.type !== "result") return;
    for (const { outcome, size = 0 } of message.pages.flatMap(({ objects }) => objects)) {
      this.#objects.inc({ source, outcome });
      this.#bytes.inc({ source }, size);
    }
  }

  received(source: string, queue: string): void {
    this.#inHand.inc({ source, queue });
  }

  settled(source: string, queue: string, verdict: string): void {
    this.#inHand.dec({ source, queue });
    this.#settled.inc({ source, queue, verdict });
  }

  #showInFlight(name: string, help: string, now: () => Readonly<Record<string, Fetching>>): void {
    this.#gauge(name, help, ["source", "limited_by"], (gauge) => {
      gauge.reset();
      for (const [source, { atOnce, limitedBy }] of Object.entries(now()))
        gauge.set({ source, limited_by: limitedBy }, atOnce);
    });
  }

  #showRooms(name: string, help: string, rooms: VolumeRooms, figure: "free" | "size" | "floor"): void {
    this.#gauge(name, help, ["volume", "label"], (gauge) => {
      gauge.reset();
      for (const { id, label, [figure]: bytes } of rooms.latest)
        if (bytes !== undefined) gauge.set({ volume: id, label }, bytes);
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: `brigade_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    collect: (gauge: Gauge<L>) => void = () => {},
  ): Gauge<L> {
    return new Gauge({
      name: `brigade_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        collect(this);
      },
    });
  }
}

/**
 * Adds `/healthz`, which answers 200 while the process is alive, however the broker and the disks
 * are, and `/metrics`, which is for Prometheus.
 */
export function addHealth(app: Hono, service: string, standing: () => Standing, metrics: Metrics): void {
  app.get("/healthz", (context) => context.json({ service, ...standing() }));
  app.get("/metrics", async (context) =>
    context.body(await metrics.registry.metrics(), 200, { "content-type": metrics.registry.contentType }),
  );
}
