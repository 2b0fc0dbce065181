import type { Log } from "@brigade/core";
import type { VerifyProgress } from "@brigade/volumes";
import type { SingleBar } from "cli-progress";
import { Bars } from "../terminal/bars.ts";
import { Rate } from "../terminal/rate.ts";
import { formatBytes, formatCount, formatDuration } from "../terminal/units.ts";

/** Shows how far each volume is, until it is closed. */
export interface VerifyView {
  show(root: string, progress: VerifyProgress): void;
  close(): void;
}

/** One bar per volume. */
export class VerifyBars implements VerifyView {
  readonly #bars = new Bars({
    format: "{bar} {percentage}%  {done}/{all} files  {speed}/s  {left}{problems}  {root}",
    barsize: 20,
    clearOnComplete: true,
  });
  readonly #byRoot = new Map<string, { readonly bar: SingleBar; readonly rate: Rate }>();

  show(root: string, { files, bytes, ofFiles, ofBytes, problems }: VerifyProgress): void {
    const { bar, rate } = this.#of(root);
    const speed = rate.add(bytes, performance.now());
    bar.setTotal(Math.max(1, ofBytes));
    bar.update(bytes, {
      done: formatCount(files),
      all: formatCount(ofFiles),
      speed: formatBytes(speed),
      left: speed > 0 ? `${formatDuration((ofBytes - bytes) / speed)} left` : "reading the manifest",
      problems: problems > 0 ? `  ${formatCount(problems)} differences` : "",
      root,
    });
  }

  close(): void {
    this.#bars.stop();
  }

  #of(root: string) {
    const known = this.#byRoot.get(root);
    if (known !== undefined) return known;
    const blank = { done: "0", all: "0", speed: "0 B", left: "", problems: "", root };
    const made = { bar: this.#bars.create(1, 0, blank), rate: new Rate() };
    this.#byRoot.set(root, made);
    return made;
  }
}

/** Milliseconds between lines. */
const lineEvery = 30_000;

/** Logs a line per volume every 30 seconds, if stderr is a file or a journal. */
export class VerifyLines implements VerifyView {
  readonly #log: Log;
  readonly #shown = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  show(root: string, progress: VerifyProgress): void {
    const now = performance.now();
    const last = this.#shown.get(root);
    if (last === undefined) this.#shown.set(root, now);
    if (last === undefined || now - last < lineEvery) return;
    this.#shown.set(root, now);
    this.#log.info({ volume: root, ...progress }, "verifying");
  }

  close(): void {}
}
