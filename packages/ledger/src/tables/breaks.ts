import type { DatabaseSync, StatementSync } from "../sqlite.ts";

/** A position at which a walk broke, and why. */
export interface Break {
  readonly directory: number;
  readonly walk: number;
  /** Negative if the walk broke below some entries of this page: the page itself was listed. */
  readonly page: number;
  readonly reason: string;
}

/** Directories of job ?1 behind directory ?2 of which some walk broke; for `from`. */
export const brokenDirectories = "(select distinct directory from breaks where job = ?1 and directory > ?2)";

const ofWalk = "from breaks where job = ? and directory = ? and walk = ?";

/**
 * Where walks broke: at a page that could not be listed, or below some entries of a page that was
 * listed.
 */
export class Breaks {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteWalk: StatementSync;
  readonly #id: StatementSync;
  readonly #pages: StatementSync;
  readonly #count: StatementSync;
  readonly #walks: StatementSync;
  readonly #ofJob: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      "insert into breaks (job, directory, walk, page, id, reason) values (?, ?, ?, ?, ?, ?) on conflict do nothing",
    );
    this.#delete = db.prepare(`delete ${ofWalk} and page = ?`);
    this.#deleteWalk = db.prepare(`delete ${ofWalk}`);
    this.#id = db.prepare(`select id ${ofWalk} and page = ?`);
    this.#pages = db.prepare(`select page ${ofWalk} order by page`);
    this.#count = db.prepare(`select count(*) n ${ofWalk}`);
    this.#walks = db.prepare("select distinct walk from breaks where job = ? and directory = ?");
    this.#ofJob = db.prepare("select directory, walk, page, reason from breaks where job = ?");
  }

  /** `id`: of the message that reports it. Returns whether the break was unknown. */
  add(job: number, { directory, walk, page, reason }: Break, id: string): boolean {
    return this.#insert.run(job, directory, walk, page, id, reason).changes === 1;
  }

  /** The page was listed after all. Returns whether there was a break. */
  heal(job: number, directory: number, walk: number, page: number): boolean {
    return this.#delete.run(job, directory, walk, page).changes === 1;
  }

  drop(job: number, directory: number, walk: number): void {
    this.#deleteWalk.run(job, directory, walk);
  }

  /** Returns the id of the message that reported the break; `undefined` if there is no break. */
  idAt(job: number, directory: number, walk: number, page: number): string | undefined {
    return (this.#id.get(job, directory, walk, page) as { id: string } | undefined)?.id;
  }

  /** Returns the pages of a walk's breaks, in order; the negative ones first. */
  pages(job: number, directory: number, walk: number): number[] {
    return this.#pages.all(job, directory, walk).map(({ page }) => Number(page));
  }

  count(job: number, directory: number, walk: number): number {
    return (this.#count.get(job, directory, walk) as { n: number }).n;
  }

  /** Returns the walks of a directory that broke. */
  walks(job: number, directory: number): number[] {
    return this.#walks.all(job, directory).map(({ walk }) => Number(walk));
  }

  /** By directory, walk and page. */
  ofJob(job: number): Iterator<Break> {
    return this.#ofJob.iterate(job) as unknown as Iterator<Break>;
  }
}

export function besides(page: number): number {
  return -page;
}

/** A break, as it is shown to people. */
export function describeBreak(page: number): { readonly page: number; readonly besides?: true } {
  return page < 0 ? { page: -page, besides: true } : { page };
}
