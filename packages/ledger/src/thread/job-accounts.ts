import { isDiskError } from "../database/storage.ts";
import type { Commit, Tables } from "../database/transactions.ts";
import type { Proofs } from "../questions/proof.ts";
import type { StoredJob } from "../tables/jobs.ts";
import type { JobState, NewJob, Progress } from "../wire/jobs.ts";
import type { Proof } from "../wire/proof.ts";

/** Opens and closes jobs, and returns where they stand. */
export class JobAccounts {
  readonly #tables: Tables;
  readonly #proofs: Proofs;
  readonly #commit: Commit;
  /**
   * Jobs whose sums were read: none becomes unreadable later, as sums stop before they overflow.
   */
  readonly #readable = new Set<string>();

  constructor(tables: Tables, proofs: Proofs, commit: Commit) {
    this.#tables = tables;
    this.#proofs = proofs;
    this.#commit = commit;
  }

  open(job: NewJob): void {
    this.#commit(() => {
      const { jobs, directories, visits } = this.#tables;
      const { n, origin } = jobs.open(job);
      visits.name(n, directories.number(origin, job.prefix));
    });
  }

  openOf(source: string): StoredJob | undefined {
    const open = this.#tables.jobs.openOf(source);
    return open && this.#checked(open);
  }

  /** `at`: Unix milliseconds. */
  close(id: string, state: Exclude<JobState, "open">, at: number): void {
    this.#commit(() => this.#tables.jobs.close(id, state, at));
  }

  /** Closes the job by its proof if it is open and settled. */
  closeByProof(id: string, examples: number, at: number): Proof | undefined {
    if (!this.#tables.jobs.isOpen(id) || !this.progress(id).settled) return undefined;
    const proof = this.#proofs.proof(id, examples);
    this.close(id, proof.complete ? "complete" : "incomplete", at);
    return proof;
  }

  all(): StoredJob[] {
    return this.#tables.jobs.all().map((job) => this.#checked(job));
  }

  progress(id: string): Progress {
    const { jobs, totals, volumes } = this.#tables;
    return totals.progress(jobs.get(id).n, id, volumes);
  }

  /** The job, with the reason if its sums cannot be read: one such job must not stop all others. */
  #checked(job: StoredJob): StoredJob {
    if (this.#readable.has(job.id)) return job;
    try {
      this.progress(job.id);
      this.#readable.add(job.id);
      return job;
    } catch (error) {
      if (isDiskError(error)) throw error;
      return { ...job, unreadable: `its sums: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
}
