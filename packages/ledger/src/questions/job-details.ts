import type { RecordedPage, WalkPosition } from "@brigade/core";
import type { DirectorySums, FailedDirectory, FailureFilter, Miss, Proof } from "../account.ts";
import type { DatabaseSync, StatementSync } from "../catalogue/sqlite.ts";
import type { Directories } from "../tables/directories.ts";
import type { Jobs } from "../tables/jobs.ts";
import type { Pages } from "../tables/pages.ts";
import { Failures, type MissCursor, type Tally } from "./failures.ts";
import { type BreakCursor, Listings, type Part } from "./listings.ts";
import { prove } from "./proof.ts";

export interface Position {
  readonly job: string;
  readonly directory: string;
  readonly walk: number;
  readonly page: number;
}

/** What is asked about the directories, pages and objects of one job. Throws ConfigError when the job was pruned. */
export class JobDetails {
  readonly #db: DatabaseSync;
  readonly #jobs: Jobs;
  readonly #directories: Directories;
  readonly #pages: Pages;
  readonly #listings: Listings;
  readonly #failures: Failures;
  readonly #broken: StatementSync;

  constructor(db: DatabaseSync, tables: { jobs: Jobs; directories: Directories; pages: Pages }) {
    this.#db = db;
    this.#jobs = tables.jobs;
    this.#directories = tables.directories;
    this.#pages = tables.pages;
    this.#listings = new Listings(db);
    this.#failures = new Failures(db);
    this.#broken = db.prepare(
      "select id from breaks where job = ? and directory = ? and walk = ? and page = ?",
    );
  }

  /** Of a pruned job, what is still known. */
  recorded({ job: id, directory: path, walk, page }: Position): RecordedPage | undefined {
    const job = this.#jobs.find(id);
    const directory = job && this.#directories.find(job.origin, path);
    if (job === undefined || directory === undefined) return undefined;
    const found = this.#pages.at(job.n, directory, walk, page);
    if (found === undefined) {
      const broken = this.#broken.get(job.n, directory, walk, page);
      return broken && { id: String(broken.id), end: "failed" };
    }
    return {
      id: found.id,
      end: found.last ? "last" : "more",
      ...(found.next !== undefined && { next: JSON.parse(found.next) as WalkPosition }),
    };
  }

  proof(job: string, examples: number): Proof {
    return prove(this.#db, this.#jobs.detailed(job).n, examples);
  }

  misses(
    job: string,
    outcome: "failed" | "vanished",
    filter: FailureFilter,
    after?: MissCursor,
  ): Part<Miss, MissCursor> {
    return this.#failures.list(this.#jobs.detailed(job).n, outcome, filter, after);
  }

  tally(job: string, by: "class" | "directory", filter: FailureFilter, after?: MissCursor): Tally {
    return this.#failures.tally(this.#jobs.detailed(job).n, by, filter, after);
  }

  directories(job: string, after?: string): Part<DirectorySums, string> {
    const { n, origin } = this.#jobs.detailed(job);
    return this.#listings.directories(n, origin, after);
  }

  failedDirectories(job: string, after?: BreakCursor): Part<FailedDirectory, BreakCursor> {
    return this.#listings.failedDirectories(this.#jobs.detailed(job).n, after);
  }
}
