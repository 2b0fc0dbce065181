import { type FileEntry, MessageError, type RecordedPage } from "@brigade/core";
import type {
  Comparison,
  DirectorySums,
  FailedDirectory,
  JobRecord,
  JobState,
  Location,
  Miss,
  NewJob,
  Progress,
  Proof,
  StoredPlace,
  StoredState,
  VolumeContents,
  VolumeDescription,
} from "../account.ts";
import type { MissCursor, Tally } from "../questions/failures.ts";
import { Inventory } from "../questions/inventory.ts";
import { JobDetails, type Position } from "../questions/job-details.ts";
import type { BreakCursor, Part } from "../questions/listings.ts";
import type { LocationCursor, LocationQuery, StoredName } from "../questions/locations.ts";
import { Recorder, type RecordMessage, type Tables } from "../recording/recorder.ts";
import { TooEarlyError, Untold } from "../recording/untold.ts";
import type { TakenObjects } from "../retrying/failed-objects.ts";
import type { TakenPositions } from "../retrying/relisting.ts";
import { Reopening } from "../retrying/reopening.ts";
import { Directories } from "../tables/directories.ts";
import { Holdings } from "../tables/holdings.ts";
import { Jobs } from "../tables/jobs.ts";
import { Objects } from "../tables/objects.ts";
import type { OriginName } from "../tables/origins.ts";
import { Pages } from "../tables/pages.ts";
import { Totals } from "../tables/totals.ts";
import { Visits } from "../tables/visits.ts";
import { Volumes } from "../tables/volumes.ts";
import { Backups, type CatalogueCopy } from "./backup.ts";
import { Pruning } from "./pruning.ts";
import type { DatabaseSync } from "./sqlite.ts";
import { isDiskError, openStorage } from "./storage.ts";

/** What became of a group of messages, all committed together. */
export interface Committed {
  /** In order: why a message was refused, or nothing. */
  readonly refusals: readonly (string | undefined)[];
  /** Of the jobs that the group was about. */
  readonly progress: readonly Progress[];
}

/** What was handed out, and where its job stands since. */
export type Taken<T> = T & { readonly progress: Progress };

/** The catalogue, synchronous but for `backup` and `close`: what the thread does. Every method that writes commits before it returns. */
export class Accounts {
  readonly #db: DatabaseSync;
  readonly #tables: Tables;
  readonly #recorder: Recorder;
  readonly #details: JobDetails;
  readonly #reopening: Reopening;
  readonly #pruning: Pruning;
  readonly #holdings: Holdings;
  readonly #inventory: Inventory;
  readonly #backups: Backups;
  /** Jobs whose sums were read: none becomes unreadable later, as sums stop before they overflow. */
  readonly #readable = new Set<string>();

  /** Throws ConfigError when the file is no catalogue, or another process has it. */
  constructor(path: string, cacheBytes?: number) {
    const db = openStorage(path, cacheBytes);
    const pages = new Pages(db);
    const totals = new Totals(db);
    const visits = new Visits(db, pages, totals);
    const [jobs, directories] = [new Jobs(db), new Directories(db)];
    const holdings = new Holdings(db);
    this.#db = db;
    this.#tables = {
      jobs,
      directories,
      pages,
      totals,
      visits,
      volumes: new Volumes(db),
      objects: new Objects(db, directories, holdings),
      untold: new Untold(db),
    };
    this.#recorder = new Recorder(db, this.#tables);
    this.#details = new JobDetails(db, this.#tables);
    this.#reopening = new Reopening(db, this.#tables);
    this.#pruning = new Pruning(db, this.#tables);
    this.#holdings = holdings;
    this.#inventory = new Inventory(db, { ...this.#tables, holdings });
    this.#backups = new Backups(db, path);
  }

  openJob(job: NewJob): void {
    this.#commit(() => {
      const { jobs, directories, visits } = this.#tables;
      const { n, origin } = jobs.open(job);
      visits.name(n, directories.number(origin, job.prefix));
    });
  }

  openJobOf(source: string): JobRecord | undefined {
    const open = this.#tables.jobs.openOf(source);
    return open && this.#checked(open);
  }

  closeJob(id: string, state: Exclude<JobState, "open">, at: number): void {
    this.#commit(() => this.#tables.jobs.close(id, state, at));
  }

  /** By its proof, when it is open and settled. */
  settleJob(id: string, examples: number, at: number): Proof | undefined {
    const { jobs } = this.#tables;
    if (!jobs.isOpen(id) || !this.progress(id).settled) return undefined;
    const proof = this.proof(id, examples);
    this.closeJob(id, proof.complete ? "complete" : "incomplete", at);
    return proof;
  }

  jobs(): JobRecord[] {
    return this.#tables.jobs.all().map((job) => this.#checked(job));
  }

  /**
   * All in one transaction; a message that cannot be entered leaves no trace in it. Should a message make the whole
   * transaction fail, each gets one of its own, so that only that one is refused. Throws when the disk fails.
   * `now`: Unix milliseconds.
   */
  record(messages: readonly RecordMessage[], now: number): Committed {
    try {
      return this.#recordTogether(messages, now);
    } catch (error) {
      if (isDiskError(error)) throw error;
      if (messages.length !== 1) return together(messages.map((message) => this.record([message], now)));
      const reason = error instanceof Error ? error.message : String(error);
      return { refusals: [`it cannot be entered: ${reason}`], progress: [] };
    }
  }

  #recordTogether(messages: readonly RecordMessage[], now: number): Committed {
    const refusals: (string | undefined)[] = [];
    const touched = new Map<number, string>();
    this.#commit(() => {
      for (const message of messages) {
        try {
          touched.set(this.#recorder.record(message, now), message.job.id);
          refusals.push(undefined);
        } catch (error) {
          if (!(error instanceof MessageError || error instanceof TooEarlyError)) throw error;
          refusals.push(error.message);
        }
      }
    });
    return { refusals, progress: [...touched].map(([n, id]) => this.#progress(n, id)) };
  }

  recorded(position: Position): RecordedPage | undefined {
    return this.#details.recorded(position);
  }

  stored(of: OriginName, path: string, files: readonly FileEntry[]): (StoredPlace | undefined)[] {
    return this.#inventory.stored(of, path, files);
  }

  unchanged(of: OriginName, path: string, files: readonly FileEntry[]): boolean[] {
    return this.stored(of, path, files).map((place) => place !== undefined);
  }

  progress(job: string): Progress {
    return this.#progress(this.#tables.jobs.get(job).n, job);
  }

  proof(...question: Parameters<JobDetails["proof"]>): Proof {
    return this.#details.proof(...question);
  }

  misses(...question: Parameters<JobDetails["misses"]>): Part<Miss, MissCursor> {
    return this.#details.misses(...question);
  }

  tally(...question: Parameters<JobDetails["tally"]>): Tally {
    return this.#details.tally(...question);
  }

  directories(job: string, after?: string): Part<DirectorySums, string> {
    return this.#details.directories(job, after);
  }

  failedDirectories(job: string, after?: BreakCursor): Part<FailedDirectory, BreakCursor> {
    return this.#details.failedDirectories(job, after);
  }

  takeFailed(...[job, ...of]: Parameters<Reopening["objects"]>): Taken<TakenObjects> {
    const taken = this.#commit(() => this.#reopening.objects(job, ...of));
    return { ...taken, progress: this.progress(job) };
  }

  takeHoles(...[job, ...of]: Parameters<Reopening["positions"]>): Taken<TakenPositions> {
    const taken = this.#commit(() => this.#reopening.positions(job, ...of));
    return { ...taken, progress: this.progress(job) };
  }

  prune(): boolean {
    return this.#commit(() => this.#pruning.step());
  }

  compare(of: OriginName, path: string, files: readonly FileEntry[]): Comparison[] {
    return this.#inventory.compare(of, path, files);
  }

  isEmpty(of: OriginName): boolean {
    return this.#inventory.isEmpty(of);
  }

  where(query: LocationQuery, after?: LocationCursor): Part<Location, LocationCursor> {
    return this.#inventory.where(query, after);
  }

  storedNames(of: OriginName, path: string, after?: string): Part<StoredName, string> {
    return this.#inventory.names(of, path, after);
  }

  storedDirectories(of: OriginName, top: string, after?: string): Part<string, string> {
    return this.#inventory.directories(of, top, after);
  }

  volumes(): VolumeContents[] {
    return this.#inventory.volumes();
  }

  noteVolumes(volumes: readonly VolumeDescription[], at: number): void {
    this.#commit(() => this.#inventory.note(volumes, at));
  }

  restore(of: OriginName, on: VolumeDescription, states: readonly StoredState[], at: number): void {
    this.#commit(() => this.#inventory.restore(of, on, states, at));
  }

  forget(of: OriginName, on: string, keys: readonly string[], at: number): number {
    return this.#commit(() => this.#inventory.forget(of, on, keys, at));
  }

  backup(): Promise<CatalogueCopy> {
    return this.#backups.run();
  }

  async close(): Promise<void> {
    await this.#backups.stop();
    this.#db.close();
  }

  /** With the reason why its sums cannot be read, where that is so: one such job must not stop all others. */
  #checked(job: JobRecord): JobRecord {
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

  #progress(n: number, id: string): Progress {
    return this.#tables.totals.progress(n, id, this.#tables.volumes);
  }

  /** In one transaction; after an error nothing of it remains, in the file or in memory. */
  #commit<T>(change: () => T): T {
    const { pages, visits, totals, jobs, directories, volumes, untold } = this.#tables;
    this.#db.exec("begin immediate");
    try {
      const made = change();
      pages.flush();
      visits.flush();
      totals.flush();
      this.#holdings.flush();
      this.#db.exec("commit");
      return made;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("rollback");
      for (const table of [totals, jobs, directories, volumes, untold, this.#holdings]) table.forget();
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
