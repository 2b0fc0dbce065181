import type { PagePrint } from "./page-print.ts";

/** Times in a row that a doubtful page has to come as it is, before it is believed that the store has it so. */
const enough = 3;
/** Pages that are remembered. */
const most = 1_000;

/** Pages that may have been cut or replaced on the way. That would not end in the same bytes each time. */
export class DoubtfulPages {
  readonly #seen = new Map<string, { readonly digest: string; readonly times: number }>();

  /** Whether the page may be taken as it is. `doubt`: why not, if there is any. */
  isSettled(
    position: string,
    { digest, hasColumns }: Pick<PagePrint, "digest" | "hasColumns">,
    doubt: string | undefined,
  ): boolean {
    if (doubt === undefined) {
      if (this.#seen.size > 0) this.#seen.delete(position);
      return true;
    }
    // What has no columns at all is no listing.
    if (!hasColumns) return false;
    const before = this.#seen.get(position);
    const times = before?.digest === digest ? before.times + 1 : 1;
    if (this.#seen.size >= most) this.#seen.clear();
    this.#seen.set(position, { digest, times });
    return times >= enough;
  }
}
