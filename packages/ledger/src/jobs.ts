import { filtersSchema } from "@brigade/core";
import type { JobRecord, JobState, NewJob } from "./account.ts";
import type { DatabaseSync, StatementSync } from "./sqlite.ts";

/** A source has one open job at most. */
export class JobOpenError extends Error {
  override readonly name = "JobOpenError";
}

/** A job by the numbers that stand for it. */
export interface JobNumbers {
  readonly n: number;
  readonly origin: number;
  readonly source: string;
  readonly fingerprint: string;
}

type Row = {
  id: string;
  source: string;
  fingerprint: string;
  prefix: string;
  filters: string;
  started_at: number;
  state: JobState;
  closed_at: number | null;
};

const columns = "select jobs.*, fingerprint from jobs join origins on origins.n = jobs.origin";

export class Jobs {
  readonly #db: DatabaseSync;
  readonly #numbers: StatementSync;
  readonly #known = new Map<string, JobNumbers>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#numbers = db.prepare(
      `select jobs.n, origin, jobs.source, fingerprint from jobs join origins on origins.n = jobs.origin where id = ?`,
    );
  }

  /** Throws JobOpenError. Inside a transaction. */
  open(job: NewJob): JobNumbers {
    const other = this.openOf(job.source);
    if (other !== undefined) throw new JobOpenError(`the job ${other.id} of ${job.source} is still open`);
    if (this.find(job.id) !== undefined) throw new JobOpenError(`there was a job ${job.id} already`);
    this.#db
      .prepare("insert into origins (source, fingerprint) values (?, ?) on conflict do nothing")
      .run(job.source, job.fingerprint);
    const origin = this.origin(job.source, job.fingerprint);
    if (origin === undefined) throw new Error("the origin was not inserted");
    const { lastInsertRowid } = this.#db
      .prepare(
        "insert into jobs (id, source, origin, prefix, filters, started_at, state) values (?, ?, ?, ?, ?, ?, 'open')",
      )
      .run(job.id, job.source, origin, job.prefix, JSON.stringify(job.filters), job.startedAt);
    return { n: Number(lastInsertRowid), origin, source: job.source, fingerprint: job.fingerprint };
  }

  /** Closing a closed job again changes nothing. */
  close(id: string, state: Exclude<JobState, "open">, at: number): void {
    this.#db
      .prepare("update jobs set state = ?, closed_at = ? where id = ? and state = 'open'")
      .run(state, at, id);
  }

  openOf(source: string): JobRecord | undefined {
    const row = this.#db.prepare(`${columns} where jobs.source = ? and state = 'open'`).get(source);
    return row === undefined ? undefined : record(row as Row);
  }

  /** Oldest first. */
  all(): JobRecord[] {
    return this.#db
      .prepare(`${columns} order by jobs.n`)
      .all()
      .map((row) => record(row as Row));
  }

  find(id: string): JobNumbers | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const row = this.#numbers.get(id) as JobNumbers | undefined;
    if (row === undefined) return undefined;
    if (this.#known.size >= 100) this.#known.clear();
    this.#known.set(id, row);
    return row;
  }

  /** The numbers of a job that must exist. */
  get(id: string): JobNumbers {
    const found = this.find(id);
    if (found === undefined) throw new Error(`no job ${id} in the catalogue`);
    return found;
  }

  origin(source: string, fingerprint: string): number | undefined {
    const row = this.#db
      .prepare("select n from origins where source = ? and fingerprint = ?")
      .get(source, fingerprint) as { n: number } | undefined;
    return row?.n;
  }

  /** After a rollback. */
  forget(): void {
    this.#known.clear();
  }
}

function record(row: Row): JobRecord {
  return {
    id: row.id,
    source: row.source,
    fingerprint: row.fingerprint,
    prefix: row.prefix,
    filters: filtersSchema.parse(JSON.parse(row.filters)),
    startedAt: row.started_at,
    state: row.state,
    ...(row.closed_at !== null && { closedAt: row.closed_at }),
  };
}
