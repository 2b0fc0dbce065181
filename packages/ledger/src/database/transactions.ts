import type { DatabaseSync } from "../sqlite.ts";
import { Breaks } from "../tables/breaks.ts";
import { Directories } from "../tables/directories.ts";
import { Holdings } from "../tables/holdings.ts";
import { Jobs } from "../tables/jobs.ts";
import { Misses } from "../tables/misses.ts";
import { Objects } from "../tables/objects.ts";
import { Pages } from "../tables/pages.ts";
import { Totals } from "../tables/totals.ts";
import { Untold } from "../tables/untold.ts";
import { Visits } from "../tables/visits.ts";
import { Volumes } from "../tables/volumes.ts";

/**
 * The tables of a catalogue. What several tables keep in memory of a transaction is in these
 * objects.
 */
export interface Tables {
  readonly jobs: Jobs;
  readonly directories: Directories;
  readonly volumes: Volumes;
  readonly pages: Pages;
  readonly breaks: Breaks;
  readonly visits: Visits;
  readonly misses: Misses;
  readonly totals: Totals;
  readonly objects: Objects;
  readonly holdings: Holdings;
  readonly untold: Untold;
}

/**
 * Makes a change in one transaction. After an error nothing of it remains, in the file or in
 * memory.
 */
export type Commit = <T>(change: () => T) => T;

export function openTables(db: DatabaseSync): Tables {
  const [jobs, directories, volumes] = [new Jobs(db), new Directories(db), new Volumes(db)];
  const [pages, breaks] = [new Pages(db), new Breaks(db)];
  const [totals, holdings] = [new Totals(db), new Holdings(db)];
  return {
    jobs,
    directories,
    volumes,
    pages,
    breaks,
    visits: new Visits(db, { pages, breaks, totals }),
    misses: new Misses(db),
    totals,
    objects: new Objects(db, directories, holdings),
    holdings,
    untold: new Untold(db),
  };
}

export function committing(db: DatabaseSync, tables: Tables): Commit {
  const { pages, visits, totals, jobs, directories, volumes, untold, holdings } = tables;
  return (change) => {
    db.exec("begin immediate");
    try {
      const made = change();
      // Visits follow pages, and totals follow both.
      for (const table of [pages, visits, totals, holdings]) table.flush();
      db.exec("commit");
      return made;
    } catch (error) {
      if (db.isTransaction) db.exec("rollback");
      for (const table of [totals, jobs, directories, volumes, untold, holdings]) table.forget();
      throw error;
    } finally {
      pages.forget();
      visits.forget();
    }
  };
}
