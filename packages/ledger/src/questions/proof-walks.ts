import type { DatabaseSync } from "../sqlite.ts";
import type { Break, Breaks } from "../tables/breaks.ts";
import { codes, isCode, unpack } from "../tables/outcome.ts";
import { addCounts, type Counts, noCounts, sumColumns } from "../tables/totals.ts";
import type { PageHole } from "../wire/proof.ts";

/** Indexes that are named per page, pages per walk, and ranges of pages per directory. */
export const mostDetails = 20;

type Row = Counts & {
  directory: number;
  named: number;
  n: number | null;
  id: string;
  walk: number;
  page: number;
  last: number;
  outcomes: Uint8Array;
};

/** A directory in a job. */
export interface Visit {
  readonly directory: number;
  /** On a page, or the root of the job. */
  readonly named: boolean;
  /** By their numbers. */
  readonly walks: Map<number, Walk>;
}

/** One walk of one directory, page by page in order. */
export interface Walk {
  readonly walk: number;
  pages: number;
  /** The highest page. */
  top: number;
  /** The highest page is a last one. */
  ended: boolean;
  readonly counts: Counts;
  readonly missing: { from: number; to: number }[];
  readonly breaks: Break[];
  readonly openPages: Omit<PageHole, "directory">[];
  openPageCount: number;
  openObjects: number;
}

/** Yields the directories of a job in order, each with all its walks. */
export function* visitsOf(db: DatabaseSync, table: Breaks, job: number): Generator<Visit> {
  const breaks = table.ofJob(job);
  let broken = breaks.next();
  const rows = db
    .prepare(
      `select visits.directory, named, n, id, pages.walk, page, last, ${sumColumns.join(", ")}, outcomes
      from visits left join pages
        on pages.job = visits.job and pages.directory = visits.directory and pages.walk is not null
      where visits.job = ? order by visits.directory, pages.walk, page`,
    )
    .iterate(job);
  let visit: Visit | undefined;
  for (const value of rows) {
    const row = value as unknown as Row;
    if (visit?.directory !== row.directory) {
      if (visit !== undefined) yield visit;
      visit = { directory: row.directory, named: row.named === 1, walks: new Map() };
      while (broken.done !== true && broken.value.directory <= row.directory) {
        const one = broken.value;
        if (one.directory === row.directory) walkOf(visit.walks, one.walk).breaks.push(one);
        broken = breaks.next();
      }
    }
    if (row.n !== null) addPage(walkOf(visit.walks, row.walk), row);
  }
  if (visit !== undefined) yield visit;
}

function walkOf(walks: Map<number, Walk>, walk: number): Walk {
  const found = walks.get(walk);
  if (found !== undefined) return found;
  const made: Walk = {
    walk,
    pages: 0,
    top: 0,
    ended: false,
    counts: noCounts(),
    missing: [],
    breaks: [],
    openPages: [],
    openPageCount: 0,
    openObjects: 0,
  };
  walks.set(walk, made);
  return made;
}

function addPage(walk: Walk, row: Row): void {
  const { id, page } = row;
  const counts = countsOf(row);
  if (page > walk.top + 1) walk.missing.push({ from: walk.top + 1, to: page - 1 });
  walk.pages++;
  walk.top = page;
  walk.ended = row.last === 1;
  addCounts(walk.counts, counts, 1);
  const accounted = counts.stored + counts.unchanged + counts.vanished + counts.failed;
  if (accounted === counts.listed) return;
  walk.openPageCount++;
  walk.openObjects += counts.listed - accounted;
  if (walk.openPages.length >= mostDetails) return;
  const outcomes = unpack(row.outcomes, counts.listed);
  const indexes: number[] = [];
  for (let i = 0; i < outcomes.length && indexes.length < mostDetails; i++)
    if (!isCode(outcomes[i] ?? 0)) indexes.push(i);
  walk.openPages.push({ walk: walk.walk, page, id, open: counts.listed - accounted, indexes });
}

/** Counts the outcomes afresh, index by index. What is to be tried again has no outcome. */
function countsOf(row: Row): Counts {
  const byCode = [0, 0, 0, 0, 0];
  const { outcomes } = row;
  if (outcomes.length === 1) byCode[outcomes[0] ?? 0] = row.listed;
  else for (const code of outcomes) byCode[code] = (byCode[code] ?? 0) + 1;
  const of = (code: number) => byCode[code] ?? 0;
  return {
    ...row,
    stored: of(codes.stored),
    unchanged: of(codes.unchanged),
    vanished: of(codes.vanished),
    failed: of(codes.failed),
  };
}

/** Returns the highest finished walk, else the highest; `undefined` if there is none. */
export function choose(walks: ReadonlyMap<number, Walk>): Walk | undefined {
  let chosen: Walk | undefined;
  for (const walk of walks.values()) {
    const better =
      chosen === undefined ||
      Number(isFinished(walk)) > Number(isFinished(chosen)) ||
      (isFinished(walk) === isFinished(chosen) && walk.walk > chosen.walk);
    if (better) chosen = walk;
  }
  return chosen;
}

function isFinished(walk: Walk): boolean {
  return walk.ended && walk.pages === walk.top && walk.breaks.length === 0;
}

/** Returns the ranges of pages that neither were recorded nor failed. */
export function missingOf({ missing, breaks, top, ended }: Walk): { from: number; to: number }[] {
  const ranges = ended ? [...missing] : [...missing, { from: top + 1, to: top + 1 }];
  return breaks.reduce(
    (left, { page }) =>
      left.flatMap(({ from, to }) =>
        page < from || page > to
          ? [{ from, to }]
          : [
              ...(page > from ? [{ from, to: page - 1 }] : []),
              ...(page < to ? [{ from: page + 1, to }] : []),
            ],
      ),
    ranges,
  );
}
