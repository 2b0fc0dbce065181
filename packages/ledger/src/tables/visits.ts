import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { Breaks } from "./breaks.ts";
import type { PageAccount, Pages } from "./pages.ts";
import type { Totals } from "./totals.ts";

/**
 * A directory in a job. One of its walks counts: the highest finished one, else the highest of
 * which anything is recorded. A walk is finished if its highest page is a last one, all pages
 * before it are there, and none broke.
 */
interface Visit {
  readonly job: number;
  readonly directory: number;
  /** It is on a page that counts, or the root of the job. */
  named: boolean;
  /**
   * Of the walk that counts: its number, the number of recorded pages, the highest of them, whether
   * that is a last one, and the number of failed positions.
   */
  walk: number | undefined;
  pages: number;
  top: number;
  ended: boolean;
  broken: number;
}

type Standing = Pick<Visit, "pages" | "top" | "ended" | "broken">;
type Row = { named: number; walk: number | null; pages: number; top: number; ended: number; broken: number };

export function isFinished({ pages, top, ended, broken }: Standing): boolean {
  return ended && pages === top && broken === 0;
}

/** Decides which walk of each directory counts, and keeps the totals accordingly. */
export class Visits {
  readonly #pages: Pages;
  readonly #breaks: Breaks;
  readonly #totals: Totals;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #walks: StatementSync;
  readonly #open = new Map<string, Visit>();
  readonly #changed = new Set<Visit>();

  constructor(db: DatabaseSync, tables: { pages: Pages; breaks: Breaks; totals: Totals }) {
    const { pages, breaks, totals } = tables;
    this.#pages = pages;
    this.#breaks = breaks;
    this.#totals = totals;
    this.#select = db.prepare(
      "select named, walk, pages, top, ended, broken from visits where job = ? and directory = ?",
    );
    this.#upsert =
      db.prepare(`insert or replace into visits (job, directory, named, walk, pages, top, ended, broken)
      values (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#walks = db.prepare(
      "select distinct walk from pages where job = ? and directory = ? and walk is not null",
    );
  }

  /** Whether what is on the page counts in the sums. */
  counts(page: PageAccount): boolean {
    return page.position !== undefined && this.#of(page.job, page.directory).walk === page.position.walk;
  }

  /** The directory is to be walked. */
  name(job: number, directory: number): void {
    const visit = this.#of(job, directory);
    if (visit.named) return;
    visit.named = true;
    this.#changed.add(visit);
  }

  /** A page has got its position (and is written). `healed`: the position was a failed one. */
  placed(page: PageAccount, healed: boolean): void {
    const { job, directory, position } = page;
    if (position === undefined) throw new Error("a page without a position");
    const { walk, page: number } = position;
    this.#recorded(job, directory, walk, (visit) => {
      this.#totals.add(job, 1, page.counts, page.volumes, 1);
      visit.pages++;
      if (healed) visit.broken--;
      if (number > visit.top) {
        visit.top = number;
        visit.ended = page.last;
      }
    });
  }

  /** A position has failed (and is written). */
  broke(job: number, directory: number, walk: number): void {
    this.#recorded(job, directory, walk, (visit) => {
      visit.broken++;
    });
  }

  /** The failed positions of the walk that counts are open again (their rows are gone). */
  withdrawn(job: number, directory: number): void {
    const visit = this.#of(job, directory);
    const before = { finished: isFinished(visit), broken: visit.broken > 0 };
    if (visit.walk !== undefined) Object.assign(visit, this.#standing(visit, visit.walk));
    if (visit.pages + visit.broken === 0) {
      visit.walk = undefined;
      this.#chooseAgain(visit);
    }
    this.#changedFrom(visit, before);
  }

  /** The number of a walk of which nothing is recorded yet, higher than all. */
  nextWalk(job: number, directory: number): number {
    return (this.#walksOf(job, directory).at(-1) ?? -1) + 1;
  }

  flush(): void {
    for (const visit of this.#changed) {
      const { job, directory, named, walk, pages, top, ended, broken } = visit;
      this.#upsert.run(job, directory, Number(named), walk ?? null, pages, top, Number(ended), broken);
    }
    this.#changed.clear();
  }

  /** After the end of a transaction. */
  forget(): void {
    this.#open.clear();
    this.#changed.clear();
  }

  /** Something new at a position of a walk; `advance` notes it if that walk counts already. */
  #recorded(job: number, directory: number, walk: number, advance: (visit: Visit) => void): void {
    const visit = this.#of(job, directory);
    const before = { finished: isFinished(visit), broken: visit.broken > 0 };
    visit.walk ??= walk;
    if (visit.walk === walk) {
      advance(visit);
      if (before.finished && !isFinished(visit)) this.#chooseAgain(visit);
    } else if (this.#isBetter(visit, walk)) {
      this.#switch(visit, walk);
    }
    this.#changedFrom(visit, before);
  }

  #changedFrom(visit: Visit, before: { finished: boolean; broken: boolean }): void {
    this.#changed.add(visit);
    this.#totals.directories(visit.job, {
      done: Number(isFinished(visit)) - Number(before.finished),
      broken: Number(visit.broken > 0) - Number(before.broken),
    });
  }

  /** Looks through a walk's pages only when it may be finished. */
  #isBetter(visit: Visit, walk: number): boolean {
    const finished = isFinished(visit);
    const higher = visit.walk === undefined || walk > visit.walk;
    if (finished && !higher) return false;
    if (!finished && higher) return true;
    if (this.#pages.top(visit.job, visit.directory, walk)?.last !== true) return false;
    return isFinished(this.#standing(visit, walk));
  }

  #chooseAgain(visit: Visit): void {
    for (const walk of this.#walksOf(visit.job, visit.directory)) {
      if (walk !== visit.walk && this.#isBetter(visit, walk)) this.#switch(visit, walk);
    }
  }

  /** Walks of which anything is recorded, by their numbers. */
  #walksOf(job: number, directory: number): number[] {
    const listed = this.#walks.all(job, directory).map(({ walk }) => Number(walk));
    const walks = new Set([...listed, ...this.#breaks.walks(job, directory)]);
    return [...walks].sort((a, b) => a - b);
  }

  #switch(visit: Visit, walk: number): void {
    const { job, directory } = visit;
    if (visit.walk !== undefined) {
      const old = this.#pages.ofWalk(job, directory, visit.walk);
      this.#totals.add(job, old.pages, old.counts, old.volumes, -1);
    }
    const now = this.#pages.ofWalk(job, directory, walk);
    this.#totals.add(job, now.pages, now.counts, now.volumes, 1);
    Object.assign(visit, { walk, ...this.#standing(visit, walk) });
  }

  #standing({ job, directory }: Visit, walk: number): Standing {
    const top = this.#pages.top(job, directory, walk);
    const { pages } = this.#pages.ofWalk(job, directory, walk);
    const broken = this.#breaks.count(job, directory, walk);
    return { pages, top: top?.page ?? 0, ended: top?.last ?? false, broken };
  }

  #of(job: number, directory: number): Visit {
    const key = `${job} ${directory}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const row = this.#select.get(job, directory) as Row | undefined;
    const visit: Visit = {
      job,
      directory,
      named: row?.named === 1,
      walk: row?.walk ?? undefined,
      pages: row?.pages ?? 0,
      top: row?.top ?? 0,
      ended: row?.ended === 1,
      broken: row?.broken ?? 0,
    };
    this.#open.set(key, visit);
    if (row === undefined) {
      this.#totals.directories(job, { known: 1 });
      this.#changed.add(visit);
    }
    return visit;
  }
}
