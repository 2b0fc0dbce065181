import type { Commit, Tables } from "../database/transactions.ts";
import type { DatabaseSync } from "../sqlite.ts";
import type { MissCursor } from "../tables/misses.ts";
import type { FailureFilter } from "../wire/failures.ts";
import type { Progress } from "../wire/jobs.ts";
import { FailedObjects, type ReopenableObjects, type ReopenedObjects } from "./failed-objects.ts";
import { Relisting, type RelistingMode, type ReopenedPositions } from "./relisting.ts";
import { Withdrawal } from "./withdrawal.ts";

/** What was handed out, and where its job stands since then. */
export type Reopened<T> = T & { readonly progress: Progress };

/**
 * Hands out again what of a job failed or was lost. A job is open as soon as anything of it is
 * handed out. Throws JobOpenError while another job of the source is open, and ConfigError when the
 * job was cancelled or pruned.
 */
export class Reopening {
  readonly #tables: Tables;
  readonly #objects: FailedObjects;
  readonly #relisting: Relisting;
  readonly #commit: Commit;

  constructor(db: DatabaseSync, tables: Tables, commit: Commit) {
    const withdrawal = new Withdrawal(db, tables);
    this.#tables = tables;
    this.#relisting = new Relisting(db, { ...tables, withdrawal });
    this.#objects = new FailedObjects(tables.misses, withdrawal, this.#relisting);
    this.#commit = commit;
  }

  reopenFailed(
    id: string,
    filter: FailureFilter,
    after?: MissCursor,
    which: ReopenableObjects = "failed",
  ): Reopened<ReopenedObjects> {
    const { jobs } = this.#tables;
    const reopened = this.#commit(() => {
      const found = this.#objects.reopen(jobs.detailed(id).n, filter, after, which);
      if (found.objects.length + found.positions.length > 0) jobs.reopen(id);
      return found;
    });
    return { ...reopened, progress: this.#progress(id) };
  }

  reopenHoles(
    id: string,
    filter: Pick<FailureFilter, "under">,
    mode: RelistingMode,
    after?: number,
  ): Reopened<ReopenedPositions> {
    const { jobs } = this.#tables;
    const reopened = this.#commit(() => {
      const found = this.#relisting.reopen(jobs.detailed(id).n, filter, mode, after);
      if (found.positions.length > 0) jobs.reopen(id);
      return found;
    });
    return { ...reopened, progress: this.#progress(id) };
  }

  #progress(id: string): Progress {
    const { jobs, totals, volumes } = this.#tables;
    return totals.progress(jobs.get(id).n, id, volumes);
  }
}
