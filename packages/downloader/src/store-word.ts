import type { ObjectBody, ObjectEntry, Source } from "@brigade/core";

/** After this many contradictions a host's dates are not asked about any more. */
const contradictions = 3;

/**
 * The store's metadata has the last word where a body does not fit the listing: an object that was overwritten after
 * it was listed is taken as it now is.
 */
export class StoreWord {
  readonly #source: Source;
  #contradicted = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The entry as the store has it now, when that is not what was listed; "gone" when the store has it no more. */
  async newer(entry: ObjectEntry, signal: AbortSignal): Promise<ObjectEntry | "gone" | undefined> {
    const now = await this.#source.stat(entry.key, signal);
    if (now === undefined) return "gone";
    return now.size === entry.size && now.modified === entry.modified ? undefined : now;
  }

  /**
   * The entry to record for a body of the listed size that claims a newer date. Some hosts' dates are their own: when
   * the store does not confirm them, they are soon left alone.
   */
  async dated(
    entry: ObjectEntry,
    body: Pick<ObjectBody, "size" | "modified" | "variant">,
    signal: AbortSignal,
  ): Promise<ObjectEntry> {
    const claimsNewer = !body.variant && body.modified !== undefined && body.modified > entry.modified;
    if (body.size !== undefined && body.size !== entry.size) return entry; // no contradiction: another object
    if (!claimsNewer || this.#contradicted >= contradictions) return entry;
    const now = await this.#source.stat(entry.key, signal);
    if (now !== undefined && now.size === entry.size && now.modified === body.modified) return now;
    this.#contradicted++;
    return entry;
  }
}
