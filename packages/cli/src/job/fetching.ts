import type { Fetching } from "@brigade/core";
import type { Downloader } from "@brigade/downloader";
import type { Pacing } from "@brigade/sources";
import type { Load } from "./load.ts";

/** What is asked of a source's pacing. */
interface Asked extends Pick<Pacing, "isLimited" | "isHeldBack"> {
  readonly bodies: Pick<Pacing["bodies"], "running" | "isShort" | "isAtMost">;
}

/** How many bodies of a source come at once, and what keeps it from more. */
export class FetchingWatch {
  readonly #pacing: Asked;
  readonly #downloader: Pick<Downloader, "isWaitingForDisks">;
  readonly #load: Pick<Load, "isBusy">;

  /** `load`: of the threads that fetch. */
  constructor(pacing: Asked, downloader: Pick<Downloader, "isWaitingForDisks">, load: Pick<Load, "isBusy">) {
    this.#pacing = pacing;
    this.#downloader = downloader;
    this.#load = load;
  }

  /** The CPU's part is that since the last call. */
  get now(): Fetching {
    return { atOnce: this.#pacing.bodies.running, limitedBy: this.#limit(this.#load.isBusy()) };
  }

  #limit(isBusy: boolean): string {
    const { bodies, isLimited } = this.#pacing;
    if (this.#pacing.isHeldBack("body")) return "the operator";
    if (isLimited) return "the store";
    if (isBusy) return "the CPU";
    // With nothing under way, whether places were short is what was found out some time ago.
    if (!bodies.isShort || bodies.running === 0)
      return this.#downloader.isWaitingForDisks ? "the disk" : "the listing";
    return bodies.isAtMost ? "the setting" : "the line";
  }
}
