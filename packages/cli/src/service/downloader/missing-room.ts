import { classify, type Log } from "@brigade/core";
import type { LedgerClient } from "@brigade/ledger/http";
import type { LocalPlacement } from "@brigade/volumes";
import { describeMissingRoom } from "../../job/missing-room.ts";

/** How much more room the open job of a source needs, as the ledger has it. */
export class MissingRoom {
  readonly #ledger: Pick<LedgerClient, "status"> | undefined;
  readonly #placement: Pick<LocalPlacement, "all" | "usableBytes">;
  readonly #source: string;
  readonly #log: Log;
  #words = "";

  /** `ledger`: `undefined` if its address is not configured. */
  constructor(
    ledger: Pick<LedgerClient, "status"> | undefined,
    placement: Pick<LocalPlacement, "all" | "usableBytes">,
    source: string,
    log: Log,
  ) {
    this.#ledger = ledger;
    this.#placement = placement;
    this.#source = source;
    this.#log = log;
  }

  /** As it was found last; empty if nothing is known to be missing. */
  get pauses(): readonly string[] {
    return this.#words === "" ? [] : [this.#words];
  }

  /** Asks the ledger, and logs the answer. Never rejects for a ledger that is away. */
  async ask(): Promise<void> {
    try {
      this.#words = await this.#find();
    } catch (error) {
      if (classify(error).fault === "bug") throw error;
      this.#log.debug({ reason: String(error) }, "the ledger cannot say how much room is missing");
    }
    if (this.#words !== "") this.#log.warn({ missing: this.#words }, "room is missing for what is listed");
  }

  async #find(): Promise<string> {
    const status = await this.#ledger?.status();
    const job = status?.sources.find(({ source }) => source === this.#source)?.job;
    if (status === undefined || job?.state !== "open") return "";
    const own = new Set(this.#placement.all.map(({ volume }) => volume.id));
    const elsewhere = status.volumes
      .filter(({ volume, gone }) => gone === undefined && !own.has(volume))
      .reduce((sum, { free = 0 }) => sum + free, 0);
    return describeMissingRoom(job.progress, this.#placement.usableBytes + elsewhere);
  }
}
