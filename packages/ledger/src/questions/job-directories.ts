import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { Jobs } from "../tables/jobs.ts";
import { type Counts, sumColumns, sums } from "../tables/totals.ts";
import { isFinished } from "../tables/visits.ts";
import type { DirectorySums } from "../wire/jobs.ts";
import { type Chunk, chunkLength, chunkOf } from "./chunks.ts";

type DirectoryRow = Counts & {
  path: string;
  standing: number;
  top: number;
  ended: number;
  broken: number;
  pages: number;
};

/** Tells of the directories of a job, part by part. Throws ConfigError when the job was pruned. */
export class JobDirectories {
  readonly #jobs: Jobs;
  readonly #firstDirectories: StatementSync;
  readonly #directoriesAfter: StatementSync;

  constructor(db: DatabaseSync, jobs: Jobs) {
    this.#jobs = jobs;
    const directories = (
      which: string,
    ) => `select path, visits.pages standing, top, ended, broken, count(pages.n) pages,
        ${sumColumns.map((column) => `total(pages.${column}) ${column}`).join(", ")}
      from directories join visits on visits.job = ?1 and visits.directory = directories.n
        left join pages on pages.job = visits.job and pages.directory = visits.directory and pages.walk = visits.walk
      where origin = ?2 and ${which} group by path order by path limit ${chunkLength}`;
    this.#firstDirectories = db.prepare(directories("true"));
    this.#directoriesAfter = db.prepare(directories("path > ?3"));
  }

  /** By path; `after` is the last path of the part before. */
  directories(job: string, after?: string): Chunk<DirectorySums, string> {
    const { n, origin } = this.#jobs.detailed(job);
    const rows =
      after === undefined
        ? this.#firstDirectories.all(n, origin)
        : this.#directoriesAfter.all(n, origin, after);
    return chunkOf(rows as DirectoryRow[], directorySums, ({ path }) => path);
  }
}

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
