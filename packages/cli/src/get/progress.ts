import { basename } from "node:path";
import type { Log } from "@brigade/core";
import type { TransferMeter } from "@brigade/transfer";
import type { SingleBar } from "cli-progress";
import { Rate } from "../terminal/rate.ts";
import { Bars, type LineSink } from "../terminal/terminal.ts";
import { formatBytes, formatDuration } from "../terminal/units.ts";

/** Shows how a file comes, until it ends. */
export interface GetView {
  /** `length`: bytes; `undefined` if it is not known. `resumed`: bytes that were there before. */
  begin(file: string, length: number | undefined, resumed: number, meter: TransferMeter): void;
  end(): void;
}

export const noView: GetView = { begin: () => {}, end: () => {} };

/** A file that is being fetched, with its speed. */
class Arrival {
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

const bar = { barsize: 24, clearOnComplete: true };
const whole = "{bar} {percentage}% {file}  {bytes}  {speed}  {left}";
const single = "  {bar} {bytes} {state}";

/** On a terminal: one bar for the file, and one for each connection. Log lines go above them. */
export class GetBars implements GetView, LineSink {
  readonly #bars = new Bars({ ...bar, format: whole });
  #all: SingleBar | undefined;
  #singles: SingleBar[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Prints a line above the bars. */
  write(line: string): void {
    this.#bars.write(line);
  }

  begin(file: string, length: number | undefined, resumed: number, meter: TransferMeter): void {
    const arrival = new Arrival(file, length, resumed, meter);
    this.#all = this.#bars.create(length ?? 1, 0, { file: arrival.file, bytes: "", speed: "", left: "" });
    this.#timer = setInterval(() => this.#show(arrival), 200);
  }

  end(): void {
    clearInterval(this.#timer);
    for (const one of [...this.#singles, this.#all]) if (one !== undefined) this.#bars.remove(one);
    this.#singles = [];
    this.#all = undefined;
    this.#bars.stop();
  }

  #show(arrival: Arrival): void {
    const { bytes, perSecond, left } = arrival.look();
    const payload = { bytes: formatBytes(bytes), speed: `${formatBytes(perSecond)}/s`, left };
    this.#all?.update(arrival.length === undefined ? 0 : Math.min(bytes, arrival.length), payload);
    const connections = [...arrival.meter.connections];
    while (this.#singles.length < connections.length)
      this.#singles.push(this.#bars.create(1, 0, { bytes: "", state: "" }, { format: single }));
    for (const [index, one] of this.#singles.entries()) {
      const connection = connections[index];
      if (connection === undefined) one.update(0, { bytes: "", state: "idle" });
      else {
        const { from, at, to, state } = connection;
        one.setTotal(Math.max(1, to - from));
        one.update(at - from, { bytes: `${formatBytes(from)} to ${formatBytes(to)}`, state });
      }
    }
    this.#bars.update();
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
