import type { Commit, Tables } from "../database/transactions.ts";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";

/** Rows that are dropped in one transaction, at most. */
const chunk = 5_000;

/**
 * Tables in the order in which they are pruned: the number of a page may be given to another page
 * once the page is gone.
 */
const details = [
  { table: "misses", key: "job, page, idx" },
  { table: "breaks", key: "job, directory, walk, page" },
  { table: "page_parts", key: "job, id, total, number" },
  { table: "pages", key: "n" },
  { table: "visits", key: "job, directory" },
];

/**
 * Drops what is kept of the pages of closed jobs when a newer job of the same origin, prefix and
 * filters is complete: it has listed the same. Totals stay. Without pruning the catalogue would
 * grow with every run.
 */
export class Pruning {
  readonly #tables: Pick<Tables, "jobs" | "untold">;
  readonly #commit: Commit;
  readonly #begun: StatementSync;
  readonly #superfluous: StatementSync;
  readonly #mark: StatementSync;
  readonly #drops: readonly StatementSync[];

  constructor(db: DatabaseSync, tables: Pick<Tables, "jobs" | "untold">, commit: Commit) {
    this.#tables = tables;
    this.#commit = commit;
    const has = details.map(({ table }) => `exists (select 1 from ${table} where job = jobs.n)`);
    this.#begun = db.prepare(
      `select n from jobs where pruned_for is not null and (${has.join(" or ")}) order by n limit 1`,
    );
    this.#superfluous = db.prepare(`select old.n, newer.id from jobs old join jobs newer
        on newer.origin = old.origin and newer.prefix = old.prefix and newer.filters = old.filters
          and newer.n > old.n and newer.state = 'complete'
      where old.state <> 'open' and old.pruned_for is null order by old.n, newer.n desc limit 1`);
    this.#mark = db.prepare("update jobs set pruned_for = ? where n = ?");
    this.#drops = details.map(({ table, key }) =>
      db.prepare(
        `delete from ${table} where (${key}) in (select ${key} from ${table} where job = ? limit ?)`,
      ),
    );
  }

  /** Drops some rows of one job. Returns `true` if there was anything to drop: call it again. */
  prune(): boolean {
    return this.#commit(() => this.#dropSome());
  }

  #dropSome(): boolean {
    const n = this.#begin();
    if (n === undefined) return false;
    let left = chunk;
    for (const drop of this.#drops) left -= Number(drop.run(n, left).changes);
    return true;
  }

  /**
   * Returns the number of the job to be pruned. The job is marked before its first row is dropped,
   * so that no question reads a half of it.
   */
  #begin(): number | undefined {
    const begun = this.#begun.get() as { n: number } | undefined;
    if (begun !== undefined) return begun.n;
    const found = this.#superfluous.get() as { n: number; id: string } | undefined;
    if (found === undefined) return undefined;
    this.#mark.run(found.id, found.n);
    this.#tables.untold.drop(found.n);
    this.#tables.jobs.forget();
    return found.n;
  }
}
