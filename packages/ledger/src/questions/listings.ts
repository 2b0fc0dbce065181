import type { DirectorySums, FailedDirectory } from "../account.ts";
import type { DatabaseSync, StatementSync } from "../catalogue/sqlite.ts";
import { toldBreak } from "../tables/breaks.ts";
import { type Counts, sumColumns, sums } from "../tables/totals.ts";
import { isFinished } from "../tables/visits.ts";

/** Some rows, and where to go on; no `next` at the end. */
export interface Part<Row, Next> {
  readonly rows: readonly Row[];
  readonly next?: Next;
}

const partLength = 500;

export type BreakCursor = readonly [directory: number, walk: number, page: number];

/** Lists of what is in the sums, part by part, for jobs with more rows than fit in memory. */
export class Listings {
  readonly #firstDirectories: StatementSync;
  readonly #directoriesAfter: StatementSync;
  readonly #breaks: StatementSync;

  constructor(db: DatabaseSync) {
    const directories = (
      which: string,
    ) => `select path, visits.pages standing, top, ended, broken, count(pages.n) pages,
        ${sumColumns.map((column) => `total(pages.${column}) ${column}`).join(", ")}
      from directories join visits on visits.job = ?1 and visits.directory = directories.n
        left join pages on pages.job = visits.job and pages.directory = visits.directory and pages.walk = visits.walk
      where origin = ?2 and ${which} group by path order by path limit ${partLength}`;
    this.#firstDirectories = db.prepare(directories("true"));
    this.#directoriesAfter = db.prepare(directories("path > ?3"));
    this.#breaks = db.prepare(`select breaks.directory n, path, breaks.walk, breaks.page, reason
      from breaks join visits on visits.job = breaks.job and visits.directory = breaks.directory
          and visits.walk = breaks.walk
        join directories on directories.n = breaks.directory
      where breaks.job = ? and (breaks.directory, breaks.walk, breaks.page) > (?, ?, ?)
      order by breaks.directory, breaks.walk, breaks.page limit ${partLength}`);
  }

  /** By path; `after` is the last path of the part before. */
  directories(job: number, origin: number, after?: string): Part<DirectorySums, string> {
    const rows =
      after === undefined
        ? this.#firstDirectories.all(job, origin)
        : this.#directoriesAfter.all(job, origin, after);
    return part(rows as DirectoryRow[], directorySums, ({ path }) => path);
  }

  failedDirectories(job: number, after: BreakCursor = [0, -1, 0]): Part<FailedDirectory, BreakCursor> {
    type Row = { n: number; path: string; walk: number; page: number; reason: string };
    const rows = this.#breaks.all(job, ...after) as Row[];
    return part(
      rows,
      ({ path, walk, page, reason }) => ({ directory: path, walk, ...toldBreak(page), reason }),
      ({ n, walk, page }): BreakCursor => [n, walk, page],
    );
  }
}

function part<Row, Out, Next>(
  rows: Row[],
  out: (row: Row) => Out,
  cursor: (row: Row) => Next,
): Part<Out, Next> {
  const last = rows.at(-1);
  return {
    rows: rows.map(out),
    ...(last !== undefined && rows.length === partLength && { next: cursor(last) }),
  };
}

type DirectoryRow = Counts & {
  path: string;
  standing: number;
  top: number;
  ended: number;
  broken: number;
  pages: number;
};

function directorySums(row: DirectoryRow): DirectorySums {
  const finished = isFinished({
    pages: row.standing,
    top: row.top,
    ended: row.ended === 1,
    broken: row.broken,
  });
  return {
    directory: row.path,
    pages: row.pages,
    state: finished ? "done" : row.broken > 0 ? "failed" : "listing",
    ...sums(row),
  };
}
