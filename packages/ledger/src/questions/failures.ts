import { join, plus } from "@brigade/core/thread";
import type { Tables } from "../database/transactions.ts";
import { classOf, describeMiss, type MissCursor, type Misses, type MissRow } from "../tables/misses.ts";
import { codes } from "../tables/outcome.ts";
import type { Amount } from "../wire/amounts.ts";
import type { FailureFilter, Miss } from "../wire/failures.ts";
import { type Chunk, chunkLength } from "./chunks.ts";

/** Rows that are looked at for one part: others wait for their records meanwhile. */
const mostLooked = 10_000;

/** Some failures counted by name, and where to go on. */
export interface Tally {
  readonly counts: ReadonlyMap<string, Amount>;
  readonly next?: MissCursor;
}

/**
 * Tells which objects of a job failed or vanished, part by part in the order of their pages. Throws
 * ConfigError when the job was pruned.
 */
export class Failures {
  readonly #tables: Pick<Tables, "jobs" | "misses">;

  constructor(tables: Pick<Tables, "jobs" | "misses">) {
    this.#tables = tables;
  }

  failures(job: string, filter: FailureFilter, after?: MissCursor): Chunk<Miss, MissCursor> {
    return this.#described(job, after, (row) => row.outcome === codes.failed && matches(row, filter));
  }

  vanished(job: string, after?: MissCursor): Chunk<Miss, MissCursor> {
    return this.#described(job, after, ({ outcome }) => outcome === codes.vanished);
  }

  /** Counts the failures of the next part that match. */
  failureCounts(job: string, by: "class" | "directory", filter: FailureFilter, after?: MissCursor): Tally {
    const counts = new Map<string, Amount>();
    const count = (row: MissRow) => {
      if (row.outcome !== codes.failed || !matches(row, filter)) return false;
      const name = by === "class" ? classOf(row) : row.path;
      const { objects, bytes } = counts.get(name) ?? { objects: 0, bytes: 0 };
      counts.set(name, { objects: objects + 1, bytes: plus(bytes, row.bytes) });
      return false; // counted, not kept
    };
    const { misses, jobs } = this.#tables;
    const { next } = missesOf(misses, jobs.detailed(job).n, count, after);
    return { counts, ...(next !== undefined && { next }) };
  }

  #described(
    job: string,
    after: MissCursor | undefined,
    wanted: (row: MissRow) => boolean,
  ): Chunk<Miss, MissCursor> {
    const { misses, jobs } = this.#tables;
    const { rows, next } = missesOf(misses, jobs.detailed(job).n, wanted, after);
    return { rows: rows.map(describeMiss), ...(next !== undefined && { next }) };
  }
}

/**
 * The next misses that are wanted. There may be none in a part that has a next one. `job`: its
 * number.
 */
export function missesOf(
  misses: Misses,
  job: number,
  wanted: (row: MissRow) => boolean,
  after: MissCursor = [0, -1],
): Chunk<MissRow, MissCursor> {
  const rows: MissRow[] = [];
  let looked = 0;
  for (const row of misses.after(job, after)) {
    if (wanted(row)) rows.push(row);
    if (++looked === mostLooked || rows.length === chunkLength) return { rows, next: [row.page, row.idx] };
  }
  return { rows };
}

export function matches(row: MissRow, { class: wanted, under }: FailureFilter): boolean {
  if (wanted !== undefined && classOf(row) !== wanted) return false;
  return under === undefined || join(row.path, row.name).startsWith(under);
}
