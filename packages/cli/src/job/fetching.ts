import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { Fetching } from "@brigade/core";
import type { Downloader } from "@brigade/downloader";
import type { Pacing } from "@brigade/sources";

/** The part of its time that the main thread works, from which on it can hardly do more. */
const busy = 0.95;

/** What is asked of a source's pacing. */
interface Asked extends Pick<Pacing, "isLimited"> {
  readonly bodies: Pick<Pacing["bodies"], "running" | "isShort" | "isAtMost">;
}

/** How many bodies of a source come at once, and what keeps it from more. */
export class FetchingWatch {
  readonly #pacing: Asked;
  readonly #downloader: Pick<Downloader, "isShortOfMemory">;
  #before: EventLoopUtilization = performance.eventLoopUtilization();

  constructor(pacing: Asked, downloader: Pick<Downloader, "isShortOfMemory">) {
    this.#pacing = pacing;
    this.#downloader = downloader;
  }

  /** The CPU's part is that since the last call. */
  get now(): Fetching {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#before);
    this.#before = now;
    return { atOnce: this.#pacing.bodies.running, limitedBy: this.#limit(utilization >= busy) };
  }

  #limit(isBusy: boolean): string {
    const { bodies, isLimited } = this.#pacing;
    if (isLimited) return "the store";
    if (isBusy) return "the CPU";
    if (!bodies.isShort) return this.#downloader.isShortOfMemory ? "the disk" : "the listing";
    return bodies.isAtMost ? "the setting" : "the line";
  }
}
