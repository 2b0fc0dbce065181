import { type FileEntry, MessageError, type RecordedPage, type WalkPosition } from "@brigade/core";
import type {
  DirectorySums,
  FailedDirectory,
  JobRecord,
  JobState,
  Miss,
  NewJob,
  Progress,
  Proof,
  StoredPlace,
} from "./account.ts";
import { Directories } from "./directories.ts";
import { Jobs } from "./jobs.ts";
import { type BreakCursor, Listings, type MissCursor, type Part } from "./listings.ts";
import { Objects } from "./objects.ts";
import { Pages } from "./pages.ts";
import { prove } from "./proof.ts";
import { Recorder, type RecordMessage, type Tables } from "./recorder.ts";
import type { DatabaseSync } from "./sqlite.ts";
import { isDiskError, openStorage } from "./storage.ts";
import { Totals } from "./totals.ts";
import { Visits } from "./visits.ts";
import { Volumes } from "./volumes.ts";

/** What became of a group of messages, all committed together. */
export interface Committed {
  /** In order: why a message was refused, or nothing. */
  readonly refusals: readonly (string | undefined)[];
  /** Of the jobs that the group was about. */
  readonly progress: readonly Progress[];
}

export interface OriginName {
  readonly source: string;
  readonly fingerprint: string;
}

/** The catalogue, synchronous: what the thread does. Every method that writes commits before it returns. */
export class Accounts {
  readonly #db: DatabaseSync;
  readonly #tables: Tables;
  readonly #recorder: Recorder;
  readonly #listings: Listings;

  /** Throws ConfigError when the file is no catalogue, or another process has it. */
  constructor(path: string) {
    const db = openStorage(path);
    const pages = new Pages(db);
    const totals = new Totals(db);
    const visits = new Visits(db, pages, totals);
    const [jobs, directories] = [new Jobs(db), new Directories(db)];
    this.#db = db;
    this.#tables = {
      jobs,
      directories,
      pages,
      totals,
      visits,
      volumes: new Volumes(db),
      objects: new Objects(db),
    };
    this.#recorder = new Recorder(db, this.#tables);
    this.#listings = new Listings(db);
  }

  openJob(job: NewJob): void {
    this.#commit(() => {
      const { jobs, directories, visits } = this.#tables;
      const { n, origin } = jobs.open(job);
      visits.name(n, directories.number(origin, job.prefix));
    });
  }

  openJobOf(source: string): JobRecord | undefined {
    return this.#tables.jobs.openOf(source);
  }

  closeJob(id: string, state: Exclude<JobState, "open">, at: number): void {
    this.#commit(() => this.#tables.jobs.close(id, state, at));
  }

  jobs(): JobRecord[] {
    return this.#tables.jobs.all();
  }

  /**
   * All in one transaction; a message that cannot be entered leaves no trace in it. Should a message make the whole
   * transaction fail, each gets one of its own, so that only that one is refused. Throws when the disk fails.
   */
  record(messages: readonly RecordMessage[]): Committed {
    try {
      return this.#recordTogether(messages);
    } catch (error) {
      if (isDiskError(error)) throw error;
      if (messages.length !== 1) return together(messages.map((message) => this.record([message])));
      const reason = error instanceof Error ? error.message : String(error);
      return { refusals: [`it cannot be entered: ${reason}`], progress: [] };
    }
  }

  #recordTogether(messages: readonly RecordMessage[]): Committed {
    const refusals: (string | undefined)[] = [];
    const touched = new Map<number, string>();
    this.#commit(() => {
      for (const message of messages) {
        try {
          touched.set(this.#recorder.record(message), message.job.id);
          refusals.push(undefined);
        } catch (error) {
          if (!(error instanceof MessageError)) throw error;
          refusals.push(error.message);
        }
      }
    });
    return { refusals, progress: [...touched].map(([n, id]) => this.#progress(n, id)) };
  }

  recorded(position: {
    job: string;
    directory: string;
    walk: number;
    page: number;
  }): RecordedPage | undefined {
    const { jobs, directories, pages } = this.#tables;
    const job = jobs.find(position.job);
    const directory = job && directories.find(job.origin, position.directory);
    if (job === undefined || directory === undefined) return undefined;
    const { walk, page } = position;
    const found = pages.at(job.n, directory, walk, page);
    if (found === undefined) {
      const broken = this.#db
        .prepare("select id from breaks where job = ? and directory = ? and walk = ? and page = ?")
        .get(job.n, directory, walk, page);
      return broken && { id: String(broken.id), end: "failed" };
    }
    return {
      id: found.id,
      end: found.last ? "last" : "more",
      ...(found.next !== undefined && { next: JSON.parse(found.next) as WalkPosition }),
    };
  }

  stored(of: OriginName, path: string, files: readonly FileEntry[]): (StoredPlace | undefined)[] {
    const { jobs, directories, objects, volumes } = this.#tables;
    const origin = jobs.origin(of.source, of.fingerprint);
    const directory = origin === undefined ? undefined : directories.find(origin, path);
    if (directory === undefined) return files.map(() => undefined);
    return objects.unchanged(directory, path, files, volumes);
  }

  unchanged(of: OriginName, path: string, files: readonly FileEntry[]): boolean[] {
    return this.stored(of, path, files).map((place) => place !== undefined);
  }

  progress(job: string): Progress {
    return this.#progress(this.#tables.jobs.get(job).n, job);
  }

  proof(job: string, examples: number): Proof {
    return prove(this.#db, this.#tables.jobs.get(job).n, examples);
  }

  misses(job: string, outcome: "failed" | "vanished", after?: MissCursor): Part<Miss, MissCursor> {
    return this.#listings.misses(this.#tables.jobs.get(job).n, outcome, after);
  }

  directories(job: string, after?: string): Part<DirectorySums, string> {
    const { n, origin } = this.#tables.jobs.get(job);
    return this.#listings.directories(n, origin, after);
  }

  failedDirectories(job: string, after?: BreakCursor): Part<FailedDirectory, BreakCursor> {
    return this.#listings.failedDirectories(this.#tables.jobs.get(job).n, after);
  }

  close(): void {
    this.#db.close();
  }

  #progress(n: number, id: string): Progress {
    return this.#tables.totals.progress(n, id, this.#tables.volumes);
  }

  /** In one transaction; after an error nothing of it remains, in the file or in memory. */
  #commit(change: () => void): void {
    const { pages, visits, totals, jobs, directories, volumes } = this.#tables;
    this.#db.exec("begin immediate");
    try {
      change();
      pages.flush();
      visits.flush();
      totals.flush();
      this.#db.exec("commit");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("rollback");
      for (const table of [totals, jobs, directories, volumes]) table.forget();
      throw error;
    } finally {
      pages.forget();
      visits.forget();
    }
  }
}

/** Several commits as one; of each job the latest progress. */
function together(commits: readonly Committed[]): Committed {
  const progress = new Map(commits.flatMap((one) => one.progress.map((of) => [of.job, of] as const)));
  return { refusals: commits.flatMap(({ refusals }) => refusals), progress: [...progress.values()] };
}
