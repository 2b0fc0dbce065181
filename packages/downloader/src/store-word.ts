import type { ObjectBody, ObjectEntry, Source } from "@brigade/core";
import type { DatedEntry } from "./store.ts";

/** After this many contradictions a host's dates are not asked about any more. */
const contradictions = 3;

/**
 * The store's metadata has the last word where a body does not fit the listing: an object that was overwritten after
 * it was listed is taken as it now is.
 */
export class StoreWord {
  readonly #source: Source;
  readonly #now: () => number;
  #contradicted = 0;

  /** `now`: Unix milliseconds. */
  constructor(source: Source, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  /** The entry as the store has it now, when that is not what was listed; "gone" when the store has it no more. */
  async newer(entry: ObjectEntry, signal: AbortSignal): Promise<ObjectEntry | "gone" | undefined> {
    const now = await this.#source.stat(entry.key, signal);
    if (now === undefined) return "gone";
    const isAsListed = isOrUnknown(entry.size, now.size) && isOrUnknown(entry.modified, now.modified);
    return isAsListed ? undefined : now;
  }

  /**
   * The entry to record for a body of the listed size that claims a newer date. Some hosts' dates are their own: when
   * the store does not confirm them, they are soon left alone. Where the listing tells no date theirs is taken, or now.
   */
  async dated(
    entry: ObjectEntry,
    body: Pick<ObjectBody, "size" | "modified" | "variant">,
    signal: AbortSignal,
  ): Promise<DatedEntry> {
    const { key, size, modified } = entry;
    if (modified === undefined)
      return { ...entry, modified: body.modified ?? Math.floor(this.#now() / 1000) };
    const asListed = { ...entry, modified };
    const claimsNewer = !body.variant && body.modified !== undefined && body.modified > modified;
    if (body.size !== undefined && body.size !== size) return asListed; // no contradiction: another object
    if (!claimsNewer || this.#contradicted >= contradictions) return asListed;
    const now = await this.#source.stat(key, signal);
    if (now !== undefined && now.size === size && now.modified === body.modified)
      return { ...now, modified: body.modified };
    this.#contradicted++;
    return asListed;
  }
}

/** What the listing did not tell cannot have changed. */
function isOrUnknown(listed: number | undefined, now: number | undefined): boolean {
  return listed === undefined || listed === now;
}
