import { plus } from "@brigade/core/thread";
import type { Tables } from "../database/transactions.ts";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import { again, codes } from "../tables/outcome.ts";

/**
 * Takes failures back: what failed is open again, as if it had not been reported. Sums and visits
 * follow.
 */
export class Withdrawal {
  readonly #tables: Pick<Tables, "pages" | "breaks" | "visits" | "totals" | "misses">;
  readonly #undated: StatementSync;

  constructor(db: DatabaseSync, tables: Pick<Tables, "pages" | "breaks" | "visits" | "totals" | "misses">) {
    this.#tables = tables;
    this.#undated = db.prepare(`select id, idx, bytes
      from visits join pages on pages.job = visits.job and pages.directory = visits.directory and pages.walk = visits.walk
        join misses on misses.job = pages.job and misses.page = pages.n
      where visits.job = ? and visits.directory = ? and outcome = ${codes.failed} and modified is null`);
  }

  /**
   * Takes back that an object of a page failed. Its row stays, marked, until something is reported
   * of it. `bytes`: as listed.
   */
  object(job: number, id: string, index: number, bytes: number): void {
    const { pages, visits, totals, misses } = this.#tables;
    const page = pages.get(job, id);
    if (page?.outcomes[index] !== codes.failed) {
      throw new Error(`page ${id} has a failure's row without that outcome at ${index}`);
    }
    const counted = visits.counts(page);
    if (counted) totals.add(job, 1, page.counts, page.volumes, -1);
    page.outcomes[index] = again;
    page.counts.failed--;
    page.counts.failed_bytes = plus(page.counts.failed_bytes, -bytes);
    misses.mark(page, index);
    pages.changed(page);
    if (counted) totals.add(job, 1, page.counts, page.volumes, 1);
  }

  /**
   * Takes back the failed objects of a directory that an older program recorded: too little is
   * known to ask for them one by one.
   */
  undated(job: number, directory: number): void {
    const rows = this.#undated.all(job, directory) as { id: string; idx: number; bytes: number }[];
    for (const { id, idx, bytes } of rows) this.object(job, id, idx, bytes);
  }

  /**
   * Takes back the failed positions of the walk of a directory that counts. If the walk broke below
   * an entry of its last page, that page is not the last one any more.
   */
  positions(job: number, directory: number, walk: number): void {
    const { pages, breaks, visits } = this.#tables;
    if (breaks.pages(job, directory, walk).some((page) => page < 0)) pages.continues(job, directory, walk);
    breaks.drop(job, directory, walk);
    visits.withdrawn(job, directory);
  }
}
