import type { Fetching } from "@brigade/core";
import type { Progress } from "@brigade/ledger";
import type { SingleBar } from "cli-progress";
import { Bars } from "../terminal/bars.ts";
import type { LineSink } from "../terminal/terminal.ts";
import { describeFetching, formatBytes, formatCount } from "../terminal/units.ts";
import { accounted, type ProgressView, remaining, Speeds } from "./progress.ts";

/** A bar on a terminal; log lines go above it. */
export class ProgressBar implements ProgressView, LineSink {
  readonly #bars = new Bars({
    format: "{bar} {percentage}% {done}/{listed} files  {bytes}  {speed}{fetching}  {left}{failed}{pauses}",
    barsize: 20,
    clearOnComplete: false,
  });
  readonly #bar: SingleBar = this.#bars.create(1, 0, blank);
  readonly #speeds = new Speeds();

  write(line: string): void {
    this.#bars.write(line);
  }

  show(progress: Progress, pauses: readonly string[], fetching?: Fetching): void {
    const speed = this.#speeds.add(progress);
    this.#bar.setTotal(Math.max(1, progress.listed.objects));
    this.#bar.update(accounted(progress), {
      done: formatCount(accounted(progress)),
      listed: formatCount(progress.listed.objects),
      bytes: formatBytes(progress.stored.bytes),
      speed: `${formatCount(Math.round(speed.files))}/s ${formatBytes(speed.bytes)}/s`,
      fetching: fetching === undefined ? "" : `  ${describeFetching(fetching)}`,
      left: remaining(progress, speed.files),
      failed: progress.failed.objects > 0 ? `  ${formatCount(progress.failed.objects)} failed` : "",
      pauses: pauses.length > 0 ? `  paused: ${pauses.join(", ")}` : "",
    });
  }

  close(): void {
    this.#bars.stop();
  }
}

const blank = {
  done: "0",
  listed: "0",
  bytes: "0 B",
  speed: "",
  fetching: "",
  left: "starting",
  failed: "",
  pauses: "",
};
