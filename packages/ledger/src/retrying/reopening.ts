import type { FailureFilter } from "../account.ts";
import type { DatabaseSync } from "../catalogue/sqlite.ts";
import { Failures, type MissCursor } from "../questions/failures.ts";
import type { Jobs } from "../tables/jobs.ts";
import type { Pages } from "../tables/pages.ts";
import type { Totals } from "../tables/totals.ts";
import type { Visits } from "../tables/visits.ts";
import { FailedObjects, type TakenObjects } from "./failed-objects.ts";
import { Relisting, type RelistingMode, type TakenPositions } from "./relisting.ts";
import { Withdrawal } from "./withdrawal.ts";

/** Hands out again what of a job failed or was lost; a job of which anything is handed out is open from then on. */
export class Reopening {
  readonly #jobs: Jobs;
  readonly #objects: FailedObjects;
  readonly #relisting: Relisting;

  constructor(db: DatabaseSync, tables: { jobs: Jobs; pages: Pages; visits: Visits; totals: Totals }) {
    const withdrawal = new Withdrawal(db, tables);
    this.#jobs = tables.jobs;
    this.#relisting = new Relisting(db, { ...tables, withdrawal });
    this.#objects = new FailedObjects({ failures: new Failures(db), withdrawal, relisting: this.#relisting });
  }

  objects(id: string, filter: FailureFilter, after?: MissCursor): TakenObjects {
    const taken = this.#objects.take(this.#jobs.detailed(id).n, filter, after);
    if (taken.objects.length + taken.positions.length > 0) this.#jobs.reopen(id);
    return taken;
  }

  positions(
    id: string,
    filter: Pick<FailureFilter, "under">,
    mode: RelistingMode,
    after?: number,
  ): TakenPositions {
    const taken = this.#relisting.take(this.#jobs.detailed(id).n, filter, mode, after);
    if (taken.positions.length > 0) this.#jobs.reopen(id);
    return taken;
  }
}
