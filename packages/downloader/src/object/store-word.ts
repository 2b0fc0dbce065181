import {
  isMd5,
  type ObjectBody,
  type ObjectEntry,
  type Source,
  SourceError,
  sizeProblem,
} from "@brigade/core";
import type { DatedEntry } from "./new-object.ts";

/** After this many contradictions a host's dates are not asked about any more. */
const contradictions = 3;

/**
 * The store's metadata has the last word where a body does not fit the listing: an object that was
 * overwritten after it was listed is taken as it now is.
 */
export class StoreWord {
  readonly #source: Source;
  readonly #now: () => number;
  #contradicted = 0;
  /** Bodies in a row that seemed to be old, and were no newer when asked for past caches. */
  #vainDoubts = 0;

  /** `now`: Unix milliseconds. */
  constructor(source: Source, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  /**
   * Resolves with the entry as the store has it now, if that is newer than what was listed; with
   * "gone" if the store has it no more.
   */
  async newer(entry: ObjectEntry, signal: AbortSignal): Promise<ObjectEntry | "gone" | undefined> {
    const now = await this.#source.stat(entry.key, signal);
    if (now === undefined) return "gone";
    const problem = sizeProblem(now.size);
    if (problem !== undefined) throw new SourceError("damaged", problem);
    return isNewer(entry, now) ? now : undefined;
  }

  /** Whether the body may be an old state, from a cache. */
  doubts({ doubt }: ObjectBody): boolean {
    return doubt !== undefined && this.#vainDoubts < contradictions;
  }

  /** Called with the body that came when a doubtful one was requested once more. */
  cameAgain({ doubt }: ObjectBody): void {
    this.#vainDoubts = doubt === undefined ? 0 : this.#vainDoubts + 1;
  }

  /**
   * The entry to record for a body of the listed size that claims a newer date. Some hosts' dates
   * are their own: when the store does not confirm them, they are soon left alone. Where the
   * listing has no date theirs is used, or now.
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

/**
 * Without a digest only a later date distinguishes a newer state from what a cache or a portal has in its
 * place.
 */
function isNewer(listed: ObjectEntry, now: ObjectEntry): boolean {
  if (isOrUnknown(listed.size, now.size) && isOrUnknown(listed.modified, now.modified)) return false;
  if (isMd5(now.etag)) return true;
  if (now.size === undefined || now.modified === undefined || listed.modified === undefined) return false;
  // Some listings have minutes only.
  const listedUntil = listed.modified % 60 === 0 ? listed.modified + 59 : listed.modified;
  return now.modified > listedUntil;
}

/** What the listing lacked cannot have changed. */
function isOrUnknown(listed: number | undefined, now: number | undefined): boolean {
  return listed === undefined || listed === now;
}
