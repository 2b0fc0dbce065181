import { plus } from "@brigade/core/thread";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { Amount } from "../wire/amounts.ts";
import type { Progress } from "../wire/jobs.ts";
import type { Volumes } from "./volumes.ts";

/** What is counted of objects, by the names of the columns in `pages` and `totals`. */
export const sumColumns = [
  "listed",
  "listed_bytes",
  "stored",
  "stored_bytes",
  "unchanged",
  "unchanged_bytes",
  "vanished",
  "vanished_bytes",
  "failed",
  "failed_bytes",
] as const;
export type Counts = Record<(typeof sumColumns)[number], number>;

/** Objects and bytes by volume number. */
export type ByVolume = Map<number, { objects: number; bytes: number }>;

const columns = ["known", "done", "broken", "pages", ...sumColumns] as const;
type Row = Record<(typeof columns)[number], number>;

interface JobTotals {
  readonly row: Row;
  readonly volumes: ByVolume;
}

/**
 * The counters of jobs. They are kept in memory between two calls of `flush`, which writes them in
 * the transaction of what they count.
 */
export class Totals {
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #selectVolumes: StatementSync;
  readonly #upsertVolume: StatementSync;
  readonly #jobs = new Map<number, JobTotals>();
  readonly #touched = new Set<number>();

  constructor(db: DatabaseSync) {
    this.#select = db.prepare(`select ${columns.join(", ")} from totals where job = ?`);
    this.#upsert = db.prepare(
      `insert or replace into totals (job, ${columns.join(", ")}) values (?${", ?".repeat(columns.length)})`,
    );
    this.#selectVolumes = db.prepare("select volume, objects, bytes from volume_totals where job = ?");
    this.#upsertVolume = db.prepare(
      "insert or replace into volume_totals (job, volume, objects, bytes) values (?, ?, ?, ?)",
    );
  }

  directories(job: number, change: { known?: number; done?: number; broken?: number }): void {
    const { row } = this.#change(job);
    row.known += change.known ?? 0;
    row.done += change.done ?? 0;
    row.broken += change.broken ?? 0;
  }

  /** Adds (`sign` 1) or takes away (-1) what is counted on some pages. */
  add(job: number, pages: number, counts: Counts, volumes: ByVolume, sign: 1 | -1): void {
    const totals = this.#change(job);
    totals.row.pages += sign * pages;
    addCounts(totals.row, counts, sign);
    addVolumes(totals.volumes, volumes, sign);
  }

  progress(job: number, id: string, volumes: Volumes): Progress {
    const { row, volumes: byVolume } = this.#of(job);
    const accounted = row.stored + row.unchanged + row.vanished + row.failed;
    const listingFinished = row.known === row.done + row.broken;
    return {
      job: id,
      directories: { known: row.known, done: row.done, failed: row.broken },
      pages: row.pages,
      ...sums(row),
      volumes: [...byVolume].flatMap(([n, amount]) => {
        const { id: volume, host } = volumes.name(n);
        return amount.objects === 0 ? [] : [{ volume, host, ...amount }];
      }),
      listingFinished,
      settled: listingFinished && accounted === row.listed,
    };
  }

  flush(): void {
    for (const job of this.#touched) {
      const { row, volumes } = this.#of(job);
      this.#upsert.run(job, ...columns.map((column) => row[column]));
      for (const [volume, { objects, bytes }] of volumes) this.#upsertVolume.run(job, volume, objects, bytes);
    }
    this.#touched.clear();
  }

  /** After a rollback. */
  forget(): void {
    this.#jobs.clear();
    this.#touched.clear();
  }

  #change(job: number): JobTotals {
    this.#touched.add(job);
    return this.#of(job);
  }

  #of(job: number): JobTotals {
    const known = this.#jobs.get(job);
    if (known !== undefined) return known;
    const row = this.#select.get(job) as Row | undefined;
    const volumes = this.#selectVolumes.all(job) as { volume: number; objects: number; bytes: number }[];
    const totals: JobTotals = {
      row: row ?? zeros(),
      volumes: new Map(volumes.map(({ volume, objects, bytes }) => [volume, { objects, bytes }])),
    };
    this.#jobs.set(job, totals);
    return totals;
  }
}

export function sums(
  counts: Counts,
): Pick<Progress, "listed" | "stored" | "unchanged" | "vanished" | "failed"> {
  return {
    listed: amountOf(counts.listed, counts.listed_bytes),
    stored: amountOf(counts.stored, counts.stored_bytes),
    unchanged: amountOf(counts.unchanged, counts.unchanged_bytes),
    vanished: amountOf(counts.vanished, counts.vanished_bytes),
    failed: amountOf(counts.failed, counts.failed_bytes),
  };
}

/** Messages that contradict each other about a size can make the bytes of an outcome negative. */
function amountOf(objects: number, bytes: number): Amount {
  return { objects, bytes: Math.max(0, bytes) };
}

/** Adds (`sign` 1) or takes away (-1). */
export function addCounts(to: Counts, what: Counts, sign: 1 | -1): void {
  for (const column of sumColumns) to[column] = plus(to[column], sign * what[column]);
}

export function addVolumes(to: ByVolume, what: ByVolume, sign: 1 | -1): void {
  for (const [volume, { objects, bytes }] of what) {
    const amount = to.get(volume) ?? { objects: 0, bytes: 0 };
    to.set(volume, { objects: amount.objects + sign * objects, bytes: plus(amount.bytes, sign * bytes) });
  }
}

export function noCounts(): Counts {
  return {
    listed: 0,
    listed_bytes: 0,
    stored: 0,
    stored_bytes: 0,
    unchanged: 0,
    unchanged_bytes: 0,
    vanished: 0,
    vanished_bytes: 0,
    failed: 0,
    failed_bytes: 0,
  };
}

function zeros(): Row {
  return { known: 0, done: 0, broken: 0, pages: 0, ...noCounts() };
}
