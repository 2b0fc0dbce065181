import type { WalkPosition } from "@brigade/core";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import { type Breaks, brokenDirectories } from "../tables/breaks.ts";
import { again } from "../tables/outcome.ts";
import type { Pages } from "../tables/pages.ts";
import type { Visits } from "../tables/visits.ts";
import type { FailureFilter } from "../wire/failures.ts";
import type { Withdrawal } from "./withdrawal.ts";

/**
 * `failed`: only positions that the lister gave up. `lost`: nothing of the job is under way, so
 * whatever is not recorded is lost, and has to be listed (again). `idle`: both.
 */
export type RelistingMode = "failed" | "lost" | "idle";

/** A chunk of what is to be published again, and where the next one begins. */
export interface ReopenedPositions {
  readonly positions: readonly WalkPosition[];
  readonly next?: number;
}

type Row = {
  directory: number;
  path: string;
  walk: number | null;
  pages: number;
  top: number;
  ended: number;
};

/** Directories that are looked at per chunk. */
const chunkLength = 1_000;

/** Finds the positions of a job that are to be listed again, and withdraws that they failed. */
export class Relisting {
  readonly #pages: Pages;
  readonly #breaks: Breaks;
  readonly #visits: Visits;
  readonly #withdrawal: Withdrawal;
  readonly #broken: StatementSync;
  readonly #known: StatementSync;
  readonly #openPage: StatementSync;

  constructor(
    db: DatabaseSync,
    tables: { pages: Pages; breaks: Breaks; visits: Visits; withdrawal: Withdrawal },
  ) {
    const { pages, breaks, visits, withdrawal } = tables;
    this.#pages = pages;
    this.#breaks = breaks;
    this.#visits = visits;
    this.#withdrawal = withdrawal;
    const rows = (from: string) =>
      db.prepare(`select visits.directory, path, walk, pages, top, ended
        from ${from} join directories on n = visits.directory
        order by visits.directory limit ${chunkLength}`);
    this.#known = rows("(select * from visits where job = ? and directory > ?) visits");
    this.#broken = rows(`${brokenDirectories} gaveup
      join visits on visits.job = ?1 and visits.directory = gaveup.directory and broken > 0`);
    // objects that are to be tried again one by one are asked for without listing
    this.#openPage = db.prepare(`select 1 from pages where job = ? and directory = ? and walk = ?
      and listed > stored + unchanged + vanished + failed
      and listed > stored + unchanged + vanished + failed + (select count(*) from misses
        where misses.job = pages.job and misses.page = pages.n and outcome = ${again} and modified is not null)
      limit 1`);
  }

  /** Of directories at or below `under`; `after` is the last directory of the part before. */
  reopen(
    job: number,
    { under = "" }: Pick<FailureFilter, "under">,
    mode: RelistingMode,
    after = 0,
  ): ReopenedPositions {
    const rows = (mode === "failed" ? this.#broken : this.#known).all(job, after) as Row[];
    const last = rows.at(-1);
    return {
      positions: rows.flatMap((row) => (isUnder(row.path, under) ? this.#reopen(job, row, mode) : [])),
      ...(last !== undefined && rows.length === chunkLength && { next: last.directory }),
    };
  }

  /**
   * The start of another walk of a directory, for all that the walk that counts has not brought.
   */
  anew(job: number, directory: number, path: string): WalkPosition {
    this.#withdrawal.undated(job, directory);
    return { directory: path, walk: this.#visits.nextWalk(job, directory), page: 1 };
  }

  #reopen(job: number, row: Row, mode: RelistingMode): WalkPosition[] {
    const { directory, path, walk, pages, top } = row;
    const seeksLost = mode !== "failed";
    if (walk === null) return seeksLost ? [{ directory: path, walk: 0, page: 1 }] : [];
    const breaks = this.#breaks.pages(job, directory, walk);
    const isCut = seeksLost && row.ended === 0 && !breaks.includes(top + 1);
    const failed = mode === "lost" ? [] : breaks;
    const starts = [...failed, ...(isCut ? [top + 1] : [])].map((page) => this.#start(job, row, walk, page));
    const known = starts.filter((position) => position !== undefined);
    const hasGaps = pages + breaks.filter((page) => page > 0 && page < top).length < top;
    const isLost = seeksLost && (hasGaps || this.#openPage.get(job, directory, walk) !== undefined);
    const isAnew = isLost || known.length < starts.length;
    const positions = isAnew ? [this.anew(job, directory, path)] : known;
    if (breaks.length > 0 && (isAnew || mode !== "lost")) this.#withdrawal.positions(job, directory, walk);
    return positions;
  }

  /** Where a page of a walk starts, as the page before it says. */
  #start(job: number, { directory, path }: Row, walk: number, page: number): WalkPosition | undefined {
    if (page === 1) return { directory: path, walk, page };
    const next = this.#pages.at(job, directory, walk, page - 1)?.next;
    return next === undefined ? undefined : (JSON.parse(next) as WalkPosition);
  }
}

/** Whether the keys of everything in the directory begin with `under`. */
function isUnder(path: string, under: string): boolean {
  return (path === "" ? "" : `${path}/`).startsWith(under);
}
