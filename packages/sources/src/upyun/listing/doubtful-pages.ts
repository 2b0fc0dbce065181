import type { PagePrint } from "./page-print.ts";

/** Times in a row that a doubtful page must come unchanged before it is accepted. */
const enough = 3;
/** Number of pages that are kept. */
const most = 1_000;

/**
 * Pages that may have been cut or replaced on the way. Such faults would not give the same bytes
 * each time.
 */
export class DoubtfulPages {
  readonly #seen = new Map<string, { readonly digest: string; readonly times: number }>();

  /** Returns whether the page may be accepted. `doubt`: the reason against it, if there is one. */
  isDecided(
    position: string,
    { digest, hasColumns }: Pick<PagePrint, "digest" | "hasColumns">,
    doubt: string | undefined,
  ): boolean {
    if (doubt === undefined) {
      if (this.#seen.size > 0) this.#seen.delete(position);
      return true;
    }
    // A text without any columns is no listing.
    if (!hasColumns) return false;
    const before = this.#seen.get(position);
    const times = before?.digest === digest ? before.times + 1 : 1;
    if (this.#seen.size >= most) this.#seen.clear();
    this.#seen.set(position, { digest, times });
    return times >= enough;
  }
}
