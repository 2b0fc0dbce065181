import type { ObjectResult } from "@brigade/core";
import { join } from "@brigade/core/thread";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { Miss } from "../wire/failures.ts";
import { again, codes } from "./outcome.ts";
import type { PageAccount } from "./pages.ts";

/** The class of failures that were recorded without a class, by an older program. */
const unknownClass = "unknown";

/** What is kept of an object that failed or vanished. */
export type NewMiss = Pick<
  ObjectResult,
  "index" | "outcome" | "name" | "listedSize" | "reason" | "class" | "modified" | "etag"
>;

export type MissCursor = readonly [page: number, index: number];

/**
 * An object that failed, vanished, or is to be tried again after a failure, on a page that counts.
 * One member per column.
 */
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
  /** Listed. */
  readonly bytes: number;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly class: string | null;
  /**
   * Unix seconds. `null` if the listing lacked it, or if an older program recorded the row.
   */
  readonly modified: number | null;
  readonly etag: string | null;
}

/**
 * Objects that failed or vanished, with the reason, until something better is reported. A row of a
 * failed object also has what a message needs that asks for it again.
 */
export class Misses {
  readonly #select: StatementSync;
  readonly #put: StatementSync;
  readonly #mark: StatementSync;
  readonly #delete: StatementSync;
  readonly #after: StatementSync;

  constructor(db: DatabaseSync) {
    const one = "from misses where job = ? and page = ? and idx = ?";
    this.#select = db.prepare(`select bytes, reason, at, class ${one}`);
    this.#put = db.prepare(`insert or replace into misses
      (job, page, idx, outcome, name, bytes, reason, at, class, modified, etag) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#mark = db.prepare("update misses set outcome = ? where job = ? and page = ? and idx = ?");
    this.#delete = db.prepare(`delete ${one} returning bytes`);
    this.#after =
      db.prepare(`select misses.page, id, idx, outcome, pages.directory, path, name, bytes, reason, at,
        class, modified, etag
      from misses join pages on pages.n = misses.page
        join visits on visits.job = misses.job and visits.directory = pages.directory and visits.walk = pages.walk
        join directories on directories.n = pages.directory
      where misses.job = ? and (misses.page, idx) > (?, ?) order by misses.page, idx`);
  }

  /** `at`: Unix milliseconds. */
  put({ job, n }: PageAccount, miss: NewMiss, at: number): void {
    const { index, outcome, name, listedSize, reason = "", class: kind, modified, etag } = miss;
    this.#put.run(
      job,
      n,
      index,
      codes[outcome],
      name,
      listedSize,
      reason,
      at,
      kind ?? null,
      modified ?? null,
      etag ?? null,
    );
  }

  /** The object is to be tried again: its row stays for that. */
  mark({ job, n }: PageAccount, index: number): void {
    this.#mark.run(again, job, n, index);
  }

  /**
   * The same outcome is reported once more: the latest report stays. Returns by how many bytes the
   * sum changes.
   */
  repeated(page: PageAccount, miss: NewMiss, at: number): number {
    const old = this.#select.get(page.job, page.n, miss.index) as
      | { bytes: number; reason: string; at: number; class: string | null }
      | undefined;
    if (old === undefined) throw new Error(`page ${page.id} has an outcome without its row at ${miss.index}`);
    const { reason = "", class: kind = "" } = miss;
    const isLater =
      at > old.at || (at === old.at && `${reason}\0${kind}` > `${old.reason}\0${old.class ?? ""}`);
    if (!isLater) return 0;
    this.put(page, miss, at);
    return miss.listedSize - old.bytes;
  }

  /** Returns the listed bytes of the object. */
  remove({ job, n }: PageAccount, index: number): number {
    const row = this.#delete.get(job, n, index) as { bytes: number } | undefined;
    return row?.bytes ?? 0;
  }

  /** Of a job, in the order of its pages, after one of them. */
  after(job: number, cursor: MissCursor): Iterable<MissRow> {
    return this.#after.iterate(job, ...cursor) as Iterable<unknown> as Iterable<MissRow>;
  }
}

export function classOf(row: MissRow): string {
  return row.class ?? unknownClass;
}

/** A miss as it is shown to people. */
export function describeMiss(row: MissRow): Miss {
  const { path, name, reason, at } = row;
  return { key: join(path, name), reason, ...(row.outcome === codes.failed && { class: classOf(row) }), at };
}
