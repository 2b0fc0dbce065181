import type { Fetching, Log } from "@brigade/core";
import type { Progress } from "@brigade/ledger";
import { Rate } from "../terminal/rate.ts";
import { formatDuration } from "../terminal/units.ts";

/** Shows how far a job is, until it is closed. */
export interface ProgressView {
  /** `fetching`: what this process fetches, if it does. */
  show(progress: Progress, pauses: readonly string[], fetching?: Fetching): void;
  close(): void;
}

/** Returns the number of listed objects that have an outcome. */
export function accounted(progress: Progress): number {
  const { stored, unchanged, vanished, failed } = progress;
  return stored.objects + unchanged.objects + vanished.objects + failed.objects;
}

/** Returns the time that is left, for people. It is not known before the listing is finished. */
export function remaining(progress: Progress, filesPerSecond: number): string {
  if (!progress.listingFinished) return "still listing";
  const left = progress.listed.objects - accounted(progress);
  if (left === 0) return "done";
  return filesPerSecond > 0 ? `${formatDuration(left / filesPerSecond)} left` : "waiting";
}

/** Files and bytes per second. */
export class Speeds {
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
