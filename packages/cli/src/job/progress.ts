import type { Fetching, Log } from "@brigade/core";
import type { Progress } from "@brigade/ledger";
import type { SingleBar } from "cli-progress";
import { Bars } from "../terminal/bars.ts";
import { Rate } from "../terminal/rate.ts";
import type { LineSink } from "../terminal/terminal.ts";
import { describeFetching, formatBytes, formatCount, formatDuration } from "../terminal/units.ts";

/** Shows how far a job is, until it is closed. */
export interface ProgressView {
  /** `fetching`: what this process fetches, if it does. */
  show(progress: Progress, pauses: readonly string[], fetching?: Fetching): void;
  close(): void;
}

function accounted(progress: Progress): number {
  const { stored, unchanged, vanished, failed } = progress;
  return stored.objects + unchanged.objects + vanished.objects + failed.objects;
}

/** Returns the time that is left, for people. It is not known before the listing is finished. */
function remaining(progress: Progress, filesPerSecond: number): string {
  if (!progress.listingFinished) return "still listing";
  const left = progress.listed.objects - accounted(progress);
  if (left === 0) return "done";
  return filesPerSecond > 0 ? `${formatDuration(left / filesPerSecond)} left` : "waiting";
}

class Speeds {
  readonly #files = new Rate();
  readonly #bytes = new Rate();

  add(progress: Progress): { files: number; bytes: number } {
    const now = performance.now();
    return {
      files: this.#files.add(accounted(progress), now),
      bytes: this.#bytes.add(progress.stored.bytes, now),
    };
  }
}

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

/** Milliseconds between progress lines, if stderr is no terminal. */
const lineEvery = 30_000;

/** Logs a line every 30 seconds, if stderr is a file or a journal. */
export class ProgressLines implements ProgressView {
  readonly #log: Log;
  readonly #speeds = new Speeds();
  #last = performance.now();

  constructor(log: Log) {
    this.#log = log;
  }

  show(progress: Progress, pauses: readonly string[], fetching?: Fetching): void {
    const speed = this.#speeds.add(progress);
    if (performance.now() - this.#last < lineEvery) return;
    this.#last = performance.now();
    this.#log.info(
      {
        listed: progress.listed.objects,
        accounted: accounted(progress),
        failed: progress.failed.objects,
        storedBytes: progress.stored.bytes,
        filesPerSecond: Math.round(speed.files),
        bytesPerSecond: Math.round(speed.bytes),
        ...fetching,
        eta: remaining(progress, speed.files),
        pauses,
      },
      "progress",
    );
  }

  close(): void {}
}
