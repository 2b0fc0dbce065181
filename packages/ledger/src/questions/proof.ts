import type { DirectoryHole, Examples, FailedDirectory, PageHole, Proof } from "../account.ts";
import type { DatabaseSync } from "../catalogue/sqlite.ts";
import { toldBreak } from "../tables/breaks.ts";
import { codes, isCode, unpack } from "../tables/outcome.ts";
import { addCounts, type Counts, noCounts, sumColumns, sums } from "../tables/totals.ts";

/** Indexes named of one page, and ranges of pages named of one directory. */
const mostDetails = 20;

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
type Break = { directory: number; walk: number; page: number; reason: string };

/** One walk of one directory, page by page in order. */
interface Walk {
  readonly walk: number;
  pages: number;
  top: number;
  ended: boolean;
  readonly counts: Counts;
  readonly missing: { from: number; to: number }[];
  readonly breaks: Break[];
  readonly openPages: Omit<PageHole, "directory">[];
  openPageCount: number;
  openObjects: number;
}

/**
 * Goes through every directory and page of a job; nothing is taken from counters but the bytes, which pages keep.
 * From the root on: the root is known from the start, and whatever a page names is known with that page. So if every
 * known directory has its whole walk, everything that can be reached from the root has.
 */
export function prove(db: DatabaseSync, job: number, mostExamples: number): Proof {
  const path = db.prepare("select path from directories where n = ?");
  const pathOf = (n: number) => String(path.get(n)?.path);
  const directories = new Collection<DirectoryHole>(mostExamples);
  const pages = new Collection<PageHole>(mostExamples);
  const failedDirectories = new Collection<FailedDirectory>(mostExamples);
  const unnamed = new Collection<string>(mostExamples);
  const total = noCounts();
  let known = 0;
  let pageCount = 0;
  let openObjects = 0;

  for (const { directory, named, walks } of visits(db, job)) {
    known++;
    if (!named) unnamed.add(() => pathOf(directory));
    const walk = choose(walks);
    if (walk === undefined) {
      directories.add(() => ({ directory: pathOf(directory), missing: [{ from: 1, to: 1 }] }));
      continue;
    }
    pageCount += walk.pages;
    openObjects += walk.openObjects;
    addCounts(total, walk.counts, 1);
    const missing = missingOf(walk);
    if (missing.length > 0) {
      directories.add(() => ({
        directory: pathOf(directory),
        walk: walk.walk,
        missing: missing.slice(0, mostDetails),
      }));
    }
    const [broken] = walk.breaks;
    if (broken !== undefined) {
      const { page, reason } = broken;
      failedDirectories.add(() => ({
        directory: pathOf(directory),
        walk: walk.walk,
        ...toldBreak(page),
        reason,
      }));
    }
    pages.total += walk.openPageCount - walk.openPages.length;
    for (const open of walk.openPages) pages.add(() => ({ directory: pathOf(directory), ...open }));
  }
  return {
    complete: known > 0 && directories.total + pages.total + failedDirectories.total === 0,
    directories: known,
    pages: pageCount,
    ...sums(total),
    holes: {
      directories: directories.result(),
      pages: { ...pages.result(), objects: openObjects },
      failedDirectories: failedDirectories.result(),
    },
    unnamed: unnamed.result(),
  };
}

/** Directories in order, each with all its walks. */
function* visits(
  db: DatabaseSync,
  job: number,
): Generator<{ directory: number; named: boolean; walks: Map<number, Walk> }> {
  const breaks = db.prepare("select directory, walk, page, reason from breaks where job = ?").iterate(job);
  let broken = breaks.next();
  const rows = db
    .prepare(
      `select visits.directory, named, n, id, pages.walk, page, last, ${sumColumns.join(", ")}, outcomes
      from visits left join pages
        on pages.job = visits.job and pages.directory = visits.directory and pages.walk is not null
      where visits.job = ? order by visits.directory, pages.walk, page`,
    )
    .iterate(job);
  let visit: { directory: number; named: boolean; walks: Map<number, Walk> } | undefined;
  for (const value of rows) {
    const row = value as unknown as Row;
    if (visit?.directory !== row.directory) {
      if (visit !== undefined) yield visit;
      visit = { directory: row.directory, named: row.named === 1, walks: new Map() };
      while (broken.done !== true && Number(broken.value.directory) <= row.directory) {
        const one = broken.value as unknown as Break;
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

/** Counted afresh, index by index. What is to be tried again has no outcome. */
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

/** The highest finished walk, else the highest. */
function choose(walks: ReadonlyMap<number, Walk>): Walk | undefined {
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

/** Pages that neither were recorded nor failed. */
function missingOf({ missing, breaks, top, ended }: Walk): { from: number; to: number }[] {
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

/** Counts all, keeps some. */
class Collection<T> {
  total = 0;
  readonly #examples: T[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(example: () => T): void {
    this.total++;
    if (this.#examples.length < this.#most) this.#examples.push(example());
  }

  result(): Examples<T> {
    return { total: this.total, examples: this.#examples };
  }
}
