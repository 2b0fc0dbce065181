import type { Fetching } from "@brigade/core";
import { backPressure, type Lister } from "@brigade/lister";
import type { Pacing } from "@brigade/sources";
import type { Load } from "./load.ts";

/** How many pages of a source are listed at once, and what keeps it from more. */
export class ListingWatch {
  readonly #pacing: Pick<Pacing, "arePagesLimited" | "isHeldBack">;
  readonly #lister: Pick<Lister, "places" | "pauses">;
  readonly #load: Pick<Load, "isBusy">;

  /** `load`: of the thread that lists. */
  constructor(
    pacing: Pick<Pacing, "arePagesLimited" | "isHeldBack">,
    lister: Pick<Lister, "places" | "pauses">,
    load: Pick<Load, "isBusy">,
  ) {
    this.#pacing = pacing;
    this.#lister = lister;
    this.#load = load;
  }

  /** The CPU's part is that since the last call. */
  get now(): Fetching {
    return { atOnce: this.#lister.places.running, limitedBy: this.#limit(this.#load.isBusy()) };
  }

  #limit(isBusy: boolean): string {
    const { places, pauses } = this.#lister;
    if (pauses.includes(backPressure)) return "the fetching";
    if (this.#pacing.isHeldBack("page")) return "the operator";
    if (this.#pacing.arePagesLimited) return "the store";
    if (isBusy) return "the CPU";
    if (!places.isShort) return "the directories";
    return places.isAtMost ? "the setting" : "the line";
  }
}
