import type { TransferMeter } from "@brigade/transfer";
import type { SingleBar } from "cli-progress";
import { Bars } from "../terminal/bars.ts";
import type { LineSink } from "../terminal/terminal.ts";
import { formatBytes } from "../terminal/units.ts";
import { Arrival, type GetView } from "./progress.ts";

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
