import { join, plus } from "@brigade/core";
import type { Amount, FailureFilter, Miss } from "../account.ts";
import type { DatabaseSync, StatementSync } from "../catalogue/sqlite.ts";
import { codes } from "../tables/outcome.ts";
import type { Part } from "./listings.ts";

/** Rows of a part, and rows looked at for it: others wait for their records meanwhile. */
const partLength = 500;
const mostLooked = 10_000;

/** What nobody said the class of: recorded by an older program. */
const unknownClass = "unknown";

export type MissCursor = readonly [page: number, index: number];

/** An object that failed, vanished, or is to be tried again after a failure, on a page that counts. */
export interface MissRow {
  /** The page's number. */
  readonly page: number;
  /** The page's id. */
  readonly id: string;
  readonly idx: number;
  readonly outcome: number;
  readonly directory: number;
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly reason: string;
  readonly at: number;
  readonly class: string | null;
  /** Null where the listing did not tell, or an older program recorded it. */
  readonly modified: number | null;
  readonly etag: string | null;
}

/** Some failures counted by name, and where to go on. */
export interface Tally {
  readonly counts: ReadonlyMap<string, Amount>;
  readonly next?: MissCursor;
}

/** Objects that failed or vanished, part by part in the order of their pages. */
export class Failures {
  readonly #after: StatementSync;

  constructor(db: DatabaseSync) {
    this.#after =
      db.prepare(`select misses.page, id, idx, outcome, pages.directory, path, name, bytes, reason, at,
        class, modified, etag
      from misses join pages on pages.n = misses.page
        join visits on visits.job = misses.job and visits.directory = pages.directory and visits.walk = pages.walk
        join directories on directories.n = pages.directory
      where misses.job = ? and (misses.page, idx) > (?, ?) order by misses.page, idx`);
  }

  list(
    job: number,
    outcome: "failed" | "vanished",
    filter: FailureFilter,
    after?: MissCursor,
  ): Part<Miss, MissCursor> {
    const wanted = (row: MissRow) => row.outcome === codes[outcome] && matches(row, filter);
    const { rows, next } = this.rows(job, wanted, after);
    return { rows: rows.map(miss), ...(next !== undefined && { next }) };
  }

  /** Failed ones that match, of the next rows. */
  tally(job: number, by: "class" | "directory", filter: FailureFilter, after?: MissCursor): Tally {
    const counts = new Map<string, Amount>();
    const wanted = (row: MissRow) => {
      if (row.outcome !== codes.failed || !matches(row, filter)) return false;
      const name = by === "class" ? classOf(row) : row.path;
      const { objects, bytes } = counts.get(name) ?? { objects: 0, bytes: 0 };
      counts.set(name, { objects: objects + 1, bytes: plus(bytes, row.bytes) });
      return false; // counted, not kept
    };
    const { next } = this.rows(job, wanted, after);
    return { counts, ...(next !== undefined && { next }) };
  }

  /** The next rows that are wanted; maybe none, and more to come. */
  rows(
    job: number,
    wanted: (row: MissRow) => boolean,
    after: MissCursor = [0, -1],
  ): Part<MissRow, MissCursor> {
    const rows: MissRow[] = [];
    let looked = 0;
    for (const value of this.#after.iterate(job, ...after)) {
      const row = value as unknown as MissRow;
      if (wanted(row)) rows.push(row);
      if (++looked === mostLooked || rows.length === partLength) return { rows, next: [row.page, row.idx] };
    }
    return { rows };
  }
}

export function matches(row: MissRow, { class: wanted, under }: FailureFilter): boolean {
  if (wanted !== undefined && classOf(row) !== wanted) return false;
  return under === undefined || join(row.path, row.name).startsWith(under);
}

function classOf(row: MissRow): string {
  return row.class ?? unknownClass;
}

function miss(row: MissRow): Miss {
  const { path, name, reason, at } = row;
  return { key: join(path, name), reason, ...(row.outcome === codes.failed && { class: classOf(row) }), at };
}
