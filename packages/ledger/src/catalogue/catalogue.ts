import { Worker } from "node:worker_threads";
import type { FileEntry, HostError, Log, PageHistory } from "@brigade/core";
import type {
  Comparison,
  DirectorySums,
  FailedDirectory,
  FailureCount,
  FailureFilter,
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
import { countFailures } from "../questions/failure-counts.ts";
import type { MissCursor } from "../questions/failures.ts";
import type { BreakCursor, Part } from "../questions/listings.ts";
import type { LocationCursor, LocationQuery, StoredName } from "../questions/locations.ts";
import type { RecordMessage } from "../recording/recorder.ts";
import type { TakenObjects } from "../retrying/failed-objects.ts";
import type { RelistingMode, TakenPositions } from "../retrying/relisting.ts";
import type { OriginName } from "../tables/origins.ts";
import type { CatalogueCopy } from "./backup.ts";
import { CommitGroups } from "./commit-groups.ts";
import { type CatalogueThreadData, ThreadCall } from "./thread-call.ts";

/**
 * Pages and outcomes of all jobs, and where every object lies, in one file that one process has at a time. Answers come
 * from committed records only. Methods reject with HostError when the disk is full or failed; nothing is half done then.
 */
export interface Catalogue extends PageHistory, AsyncDisposable {
  /** Opens a job and makes its root known. Rejects with JobOpenError while one of the source is open. */
  openJob(job: NewJob): Promise<void>;
  openJobOf(source: string): Promise<JobRecord | undefined>;
  /** Closing again changes nothing. Records that come later are entered all the same. */
  closeJob(id: string, state: Exclude<JobState, "open">): Promise<void>;
  /**
   * Closes the job by its proof, "complete" or "incomplete", if it is open and settled by then, whatever happens meanwhile.
   * Resolves with the proof when it did.
   */
  settleJob(id: string): Promise<Proof | undefined>;
  /** Oldest first. */
  jobs(): Promise<readonly JobRecord[]>;
  /**
   * Resolves when the messages are committed, with in order why one was refused (and not entered), or nothing; `tooEarly` where it
   * is to be told again later. In any order, any number of times.
   */
  record(messages: readonly RecordMessage[]): Promise<readonly (string | undefined)[]>;
  /** Like `unchanged`, and where the unchanged ones lie. */
  stored(
    job: { source: string; fingerprint: string },
    directory: string,
    files: readonly FileEntry[],
  ): Promise<readonly (StoredPlace | undefined)[]>;
  /** For each file, in order: how it stands to the last stored state. */
  compare(of: OriginName, directory: string, files: readonly FileEntry[]): Promise<readonly Comparison[]>;
  /** Nothing is stored of this source as it is configured. */
  isEmpty(of: OriginName): Promise<boolean>;
  /** Objects with this key, or with keys that begin with `prefix`; by directory and name, the last stored state first. */
  where(query: LocationQuery): AsyncIterable<Location>;
  /** What is stored of one directory, by name. */
  storedNames(of: OriginName, directory: string): AsyncIterable<StoredName>;
  /** Paths of directories at or below `top` in which something is stored, in order. */
  storedDirectories(of: OriginName, top: string): AsyncIterable<string>;
  volumes(): Promise<readonly VolumeContents[]>;
  /** `at` in Unix milliseconds; what was seen later stands. What is not told stays as it was told before. */
  noteVolumes(volumes: readonly VolumeDescription[], at: number): Promise<void>;
  /** Enters what lies on a volume as if it had been reported, all or nothing. In any order, any number of times. */
  restore(of: OriginName, on: VolumeDescription, states: readonly StoredState[]): Promise<void>;
  /**
   * These objects do not lie on the volume (its id) any more. Of one that lies elsewhere too, that counts from now on; of
   * any other, nothing is stored, and it is among the lost. Resolves with how many were known there.
   */
  forget(of: OriginName, on: string, keys: readonly string[]): Promise<number>;
  /** Copies the catalogue to a file beside it, `<path>.backup`, while it is used. One at a time: whoever asks meanwhile gets it too. */
  backup(): Promise<CatalogueCopy>;
  /** Cheap. Rejects for a job that is not in the catalogue, like all below. */
  progress(job: string): Promise<Progress>;
  /**
   * Goes through all pages of the job. `examples`: of each kind of hole, at most; default 20. Rejects with ConfigError when the
   * job was pruned, like all below.
   */
  proof(job: string, options?: { readonly examples?: number }): Promise<Proof>;
  failures(job: string, filter?: FailureFilter): AsyncIterable<Miss>;
  /** Most objects first; at most 1,000. Of very many directories, some that have few may be missing or counted low. */
  failureCounts(
    job: string,
    by: "class" | "directory",
    filter?: FailureFilter,
  ): Promise<readonly FailureCount[]>;
  vanished(job: string): AsyncIterable<Miss>;
  /** By path. */
  directories(job: string): AsyncIterable<DirectorySums>;
  failedDirectories(job: string): AsyncIterable<FailedDirectory>;
  /**
   * Hands out failed objects part by part, to be published again (see `retryJob`). They have no outcome from then on, and the job
   * is open. What was handed out before is so again until something is reported of it. Rejects with JobOpenError while another job
   * of the source is open, with ConfigError when this one was cancelled.
   */
  takeFailed(job: string, filter: FailureFilter, after?: MissCursor): Promise<TakenObjects>;
  /** Likewise, positions to be listed again, each once; in mode `idle` all that is not recorded. */
  takeHoles(
    job: string,
    filter: Pick<FailureFilter, "under">,
    mode: RelistingMode,
    after?: number,
  ): Promise<TakenPositions>;
  /**
   * Drops a part of what is kept of pages and directories of jobs that a newer, complete one of the same prefix and filters has made
   * superfluous; totals stay. Resolves with true until there is nothing more to drop.
   */
  prune(): Promise<boolean>;
  /** Calls back after each commit with the progress of the jobs it was about. Returns how to stop that. */
  onCommit(listener: (progress: readonly Progress[]) => void): () => void;
}

export interface CatalogueParts {
  /** The database file; made when missing, its folder must be there. */
  readonly path: string;
  readonly log: Log;
  /** Bytes of the database that stay in memory, where that is short. */
  readonly cacheBytes?: number | undefined;
  /**
   * Told when the disk begins to fail (whoever asked is told, too), and without an argument when it takes writes again.
   */
  readonly onDisk?: (trouble: HostError | undefined) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Of each kind of hole in a proof, unless told otherwise. */
const exampleCount = 20;

/**
 * Rejects with FatalError when the file is no catalogue, or another process has it; with ConfigError when it is of a newer version;
 * with HostError when the disk fails.
 */
export async function openCatalogue(parts: CatalogueParts): Promise<Catalogue> {
  const { path, cacheBytes, log, onDisk = () => {}, now = Date.now } = parts;
  const worker = new Worker(new URL("./thread.ts", import.meta.url), {
    workerData: { path, cacheBytes } satisfies CatalogueThreadData,
    resourceLimits: { maxYoungGenerationSizeMb: cacheBytes === undefined ? 16 : 4 },
  });
  const thread = new ThreadCall(worker, onDisk);
  try {
    await thread.open();
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  const listeners = new Set<(progress: readonly Progress[]) => void>();
  function tell(progress: readonly Progress[]): void {
    for (const listener of listeners) listener(progress);
  }
  async function taken<T extends { readonly progress: Progress }>(asked: Promise<T>): Promise<T> {
    const answer = await asked;
    tell([answer.progress]);
    return answer;
  }
  const groups = new CommitGroups(
    async (messages) => {
      const started = performance.now();
      const committed = await thread.ask("record", messages, now());
      log.debug(
        { records: messages.length, ms: Math.round(performance.now() - started) },
        "records committed",
      );
      return committed;
    },
    ({ progress }) => tell(progress),
  );
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await groups.idle();
    await thread.ask("close");
    await worker.terminate();
  }
  return {
    openJob: (job) => thread.ask("openJob", job),
    openJobOf: (source) => thread.ask("openJobOf", source),
    closeJob: (id, state) => thread.ask("closeJob", id, state, now()),
    settleJob: (id) => thread.ask("settleJob", id, exampleCount, now()),
    jobs: () => thread.ask("jobs"),
    record: (messages) => groups.add(messages),
    recorded: (position) => thread.ask("recorded", position),
    stored: ({ source, fingerprint }, directory, files) =>
      thread.ask("stored", { source, fingerprint }, directory, files),
    unchanged: ({ source, fingerprint }, directory, files) =>
      thread.ask("unchanged", { source, fingerprint }, directory, files),
    compare: ({ source, fingerprint }, directory, files) =>
      thread.ask("compare", { source, fingerprint }, directory, files),
    isEmpty: ({ source, fingerprint }) => thread.ask("isEmpty", { source, fingerprint }),
    where: (query) => rows((after?: LocationCursor) => thread.ask("where", query, after)),
    storedNames: ({ source, fingerprint }, directory) =>
      rows((after?: string) => thread.ask("storedNames", { source, fingerprint }, directory, after)),
    storedDirectories: ({ source, fingerprint }, top) =>
      rows((after?: string) => thread.ask("storedDirectories", { source, fingerprint }, top, after)),
    volumes: () => thread.ask("volumes"),
    noteVolumes: (volumes, at) => thread.ask("noteVolumes", volumes, at),
    restore: ({ source, fingerprint }, on, states) =>
      thread.ask("restore", { source, fingerprint }, on, states, now()),
    forget: ({ source, fingerprint }, on, keys) =>
      thread.ask("forget", { source, fingerprint }, on, keys, now()),
    backup: () => thread.ask("backup"),
    progress: (job) => thread.ask("progress", job),
    proof: (job, { examples = exampleCount } = {}) => thread.ask("proof", job, examples),
    failures: (job, filter = {}) =>
      rows((after?: MissCursor) => thread.ask("misses", job, "failed", filter, after)),
    failureCounts: (job, by, filter = {}) =>
      countFailures((after) => thread.ask("tally", job, by, filter, after)),
    vanished: (job) => rows((after?: MissCursor) => thread.ask("misses", job, "vanished", {}, after)),
    directories: (job) => rows((after?: string) => thread.ask("directories", job, after)),
    failedDirectories: (job) => rows((after?: BreakCursor) => thread.ask("failedDirectories", job, after)),
    takeFailed: (job, filter, after) => taken(thread.ask("takeFailed", job, filter, after)),
    takeHoles: (job, filter, mode, after) => taken(thread.ask("takeHoles", job, filter, mode, after)),
    prune: () => thread.ask("prune"),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      closing ??= close();
      await closing;
    },
  };
}

/** Row by row, fetched part by part. */
async function* rows<Row, Next>(fetch: (after?: Next) => Promise<Part<Row, Next>>): AsyncIterable<Row> {
  let part = await fetch();
  yield* part.rows;
  while (part.next !== undefined) {
    part = await fetch(part.next);
    yield* part.rows;
  }
}
