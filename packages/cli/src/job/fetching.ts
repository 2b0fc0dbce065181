import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { Fetching } from "@brigade/core";
import type { Downloader } from "@brigade/downloader";
import type { Pacing } from "@brigade/sources";

/** The part of its time that a thread works, from which on it can hardly do more. */
const busy = 0.95;

type Load = () => EventLoopUtilization;

function workedShare(now: EventLoopUtilization, before: EventLoopUtilization | undefined): number {
  return performance.eventLoopUtilization(now, before).utilization;
}

/** What is asked of a source's pacing. */
interface Asked extends Pick<Pacing, "isLimited"> {
  readonly bodies: Pick<Pacing["bodies"], "running" | "isShort" | "isAtMost">;
}

/** How many bodies of a source come at once, and what keeps it from more. */
export class FetchingWatch {
  readonly #pacing: Asked;
  readonly #downloader: Pick<Downloader, "isShortOfMemory">;
  readonly #threads: readonly Load[];
  #before: readonly EventLoopUtilization[];

  /** `threads`: those that fetch, beside the main thread. */
  constructor(
    pacing: Asked,
    downloader: Pick<Downloader, "isShortOfMemory">,
    threads: readonly { readonly load: Load }[] = [],
  ) {
    this.#pacing = pacing;
    this.#downloader = downloader;
    this.#threads = [
      () => performance.eventLoopUtilization(),
      ...threads.map((thread) => () => thread.load()),
    ];
    this.#before = this.#threads.map((load) => load());
  }

  /** The CPU's part is that since the last call. */
  get now(): Fetching {
    const now = this.#threads.map((load) => load());
    const isBusy = now.some((one, at) => workedShare(one, this.#before[at]) >= busy);
    this.#before = now;
    return { atOnce: this.#pacing.bodies.running, limitedBy: this.#limit(isBusy) };
  }

  #limit(isBusy: boolean): string {
    const { bodies, isLimited } = this.#pacing;
    if (isLimited) return "the store";
    if (isBusy) return "the CPU";
    if (!bodies.isShort) return this.#downloader.isShortOfMemory ? "the disk" : "the listing";
    return bodies.isAtMost ? "the setting" : "the line";
  }
}
