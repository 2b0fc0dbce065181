import { basename } from "node:path";
import type { Log } from "@brigade/core";
import type { TransferMeter } from "@brigade/transfer";
import { Rate } from "../terminal/rate.ts";
import { formatDuration } from "../terminal/units.ts";

/** Shows how a file comes, until it ends. */
export interface GetView {
  /** `length`: bytes; `undefined` if it is not known. `resumed`: bytes that were there before. */
  begin(file: string, length: number | undefined, resumed: number, meter: TransferMeter): void;
  end(): void;
}

export const noView: GetView = { begin: () => {}, end: () => {} };

/** A file that is being fetched, with its speed. */
export class Arrival {
  readonly file: string;
  readonly length: number | undefined;
  readonly meter: TransferMeter;
  readonly #resumed: number;
  readonly #before: number;
  readonly #rate = new Rate();

  constructor(file: string, length: number | undefined, resumed: number, meter: TransferMeter) {
    this.file = basename(file);
    this.length = length;
    this.meter = meter;
    this.#resumed = resumed;
    this.#before = meter.received;
    this.look();
  }

  look(): { bytes: number; perSecond: number; left: string } {
    const bytes = this.#resumed + this.meter.received - this.#before;
    const perSecond = this.#rate.add(bytes, performance.now());
    const known = this.length !== undefined && perSecond > 0;
    const left = known ? `${formatDuration(Math.max(0, (this.length ?? 0) - bytes) / perSecond)} left` : "";
    return { bytes, perSecond, left };
  }
}

/** Milliseconds between lines, if stderr is no terminal. */
const lineEvery = 10_000;

/** Logs a line every 10 seconds, if stderr is a file or a journal. */
export class GetLines implements GetView {
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  begin(file: string, length: number | undefined, resumed: number, meter: TransferMeter): void {
    const arrival = new Arrival(file, length, resumed, meter);
    this.#timer = setInterval(() => {
      const { bytes, perSecond, left } = arrival.look();
      const connections = [...meter.connections].filter(({ state }) => state === "receiving").length;
      this.#log.info(
        { file: arrival.file, bytes, length, bytesPerSecond: Math.round(perSecond), connections, left },
        "progress",
      );
    }, lineEvery);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
