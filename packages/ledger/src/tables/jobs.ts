import { ConfigError } from "@brigade/core/thread";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { JobRecord, JobState, NewJob } from "../wire/jobs.ts";
import { Origins } from "./origins.ts";

/** A source has at most one open job. */
export class JobOpenError extends Error {
  override readonly name = "JobOpenError";
}

/** A job as the database has it. */
export interface StoredJob extends Omit<JobRecord, "filters"> {
  /** JSON. Nothing has looked at it yet. */
  readonly filters: string;
}

/** A job by the numbers that stand for it. */
export interface JobNumbers {
  readonly n: number;
  readonly origin: number;
  readonly source: string;
  readonly fingerprint: string;
  /** Its pages are dropped, or are being dropped. */
  readonly isPruned: boolean;
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
  pruned_for: string | null;
};

const columns = "select jobs.*, fingerprint from jobs join origins on origins.n = jobs.origin";

export class Jobs {
  readonly #db: DatabaseSync;
  readonly #origins: Origins;
  readonly #numbers: StatementSync;
  readonly #known = new Map<string, JobNumbers>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#origins = new Origins(db);
    this.#numbers = db.prepare(
      `select jobs.n, origin, jobs.source, fingerprint, pruned_for is not null pruned
      from jobs join origins on origins.n = jobs.origin where id = ?`,
    );
  }

  /** To be called in a transaction. Throws JobOpenError while another job of the source is open. */
  open(job: NewJob): JobNumbers {
    const other = this.openOf(job.source);
    if (other !== undefined) throw new JobOpenError(`the job ${other.id} of ${job.source} is still open`);
    if (this.find(job.id) !== undefined) throw new JobOpenError(`there was a job ${job.id} already`);
    const origin = this.#origins.number(job);
    const { lastInsertRowid } = this.#db
      .prepare(
        "insert into jobs (id, source, origin, prefix, filters, started_at, state) values (?, ?, ?, ?, ?, ?, 'open')",
      )
      .run(job.id, job.source, origin, job.prefix, JSON.stringify(job.filters), job.startedAt);
    const { source, fingerprint } = job;
    return { n: Number(lastInsertRowid), origin, source, fingerprint, isPruned: false };
  }

  /** Closing a closed job again changes nothing. */
  close(id: string, state: Exclude<JobState, "open">, at: number): void {
    this.#db
      .prepare("update jobs set state = ?, closed_at = ? where id = ? and state = 'open'")
      .run(state, at, id);
  }

  /**
   * A closed job is open again; an open one stays open. To be called in a transaction. Throws
   * JobOpenError while another job of the source is open, and ConfigError if the job was cancelled
   * or pruned.
   */
  reopen(id: string): void {
    this.detailed(id);
    const row = this.#row(id);
    if (row?.state === "open") return;
    if (row?.state === "cancelled") {
      throw new ConfigError([`the job ${id} was cancelled: start a new one`]);
    }
    const other = row && this.openOf(row.source);
    if (other !== undefined) throw new JobOpenError(`the job ${other.id} of ${other.source} is still open`);
    this.#db.prepare("update jobs set state = 'open', closed_at = null where id = ?").run(id);
  }

  isOpen(id: string): boolean {
    return this.#row(id)?.state === "open";
  }

  openOf(source: string): StoredJob | undefined {
    const row = this.#db.prepare(`${columns} where jobs.source = ? and state = 'open'`).get(source);
    return row === undefined ? undefined : stored(row as Row);
  }

  /** Oldest first. */
  all(): StoredJob[] {
    return this.#db
      .prepare(`${columns} order by jobs.n`)
      .all()
      .map((row) => stored(row as Row));
  }

  find(id: string): JobNumbers | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const row = this.#numbers.get(id) as (Omit<JobNumbers, "isPruned"> & { pruned: number }) | undefined;
    if (row === undefined) return undefined;
    const { n, origin, source, fingerprint, pruned } = row;
    const job = { n, origin, source, fingerprint, isPruned: pruned === 1 };
    if (this.#known.size >= 100) this.#known.clear();
    this.#known.set(id, job);
    return job;
  }

  /** Returns the numbers of a job. Throws if there is no such job. */
  get(id: string): JobNumbers {
    const found = this.find(id);
    if (found === undefined) throw new Error(`no job ${id} in the catalogue`);
    return found;
  }

  /** Like `get`, of a job whose pages are asked for. Throws ConfigError if they were dropped. */
  detailed(id: string): JobNumbers {
    const job = this.get(id);
    if (!job.isPruned) return job;
    throw new ConfigError([
      `of the job ${id} only the totals are kept: ${this.#row(id)?.pruned_for} has listed the same later, ask about that one`,
    ]);
  }

  #row(id: string): Row | undefined {
    return this.#db.prepare(`${columns} where id = ?`).get(id) as Row | undefined;
  }

  /** After a rollback, or when a job was pruned. */
  forget(): void {
    this.#known.clear();
  }
}

function stored(row: Row): StoredJob {
  return {
    id: row.id,
    source: row.source,
    fingerprint: row.fingerprint,
    prefix: row.prefix,
    filters: row.filters,
    startedAt: row.started_at,
    state: row.state,
    ...(row.closed_at !== null && { closedAt: row.closed_at }),
  };
}
