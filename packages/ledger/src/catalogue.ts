import { Worker } from "node:worker_threads";
import type { FileEntry, Log, PageHistory } from "@brigade/core";
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
import { CommitGroups } from "./commit-groups.ts";
import type { BreakCursor, MissCursor, Part } from "./listings.ts";
import type { RecordMessage } from "./recorder.ts";
import { ThreadCall } from "./thread-call.ts";

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
  /** Oldest first. */
  jobs(): Promise<readonly JobRecord[]>;
  /**
   * Resolves when the messages are committed, with in order why one was refused (and not entered), or nothing.
   * In any order, any number of times.
   */
  record(messages: readonly RecordMessage[]): Promise<readonly (string | undefined)[]>;
  /** Like `unchanged`, and where the unchanged ones lie. */
  stored(
    job: { source: string; fingerprint: string },
    directory: string,
    files: readonly FileEntry[],
  ): Promise<readonly (StoredPlace | undefined)[]>;
  /** Cheap. Rejects for a job that is not in the catalogue, like all below. */
  progress(job: string): Promise<Progress>;
  /** Goes through all pages of the job. `examples`: of each kind of hole, at most; default 20. */
  proof(job: string, options?: { readonly examples?: number }): Promise<Proof>;
  failures(job: string): AsyncIterable<Miss>;
  vanished(job: string): AsyncIterable<Miss>;
  /** By path. */
  directories(job: string): AsyncIterable<DirectorySums>;
  failedDirectories(job: string): AsyncIterable<FailedDirectory>;
  /** Calls back after each commit with the progress of the jobs it was about. Returns how to stop that. */
  onCommit(listener: (progress: readonly Progress[]) => void): () => void;
}

export interface CatalogueParts {
  /** The database file; made when missing, its folder must be there. */
  readonly path: string;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Rejects with ConfigError when the file is no catalogue, or another process has it. */
export async function openCatalogue({ path, log, now = Date.now }: CatalogueParts): Promise<Catalogue> {
  const worker = new Worker(new URL("./catalogue-thread.ts", import.meta.url), {
    workerData: { path },
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  });
  const thread = new ThreadCall(worker);
  try {
    await thread.open();
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  const listeners = new Set<(progress: readonly Progress[]) => void>();
  const groups = new CommitGroups(
    async (messages) => {
      const started = now();
      const committed = await thread.ask("record", messages);
      log.debug({ records: messages.length, ms: now() - started }, "records committed");
      return committed;
    },
    ({ progress }) => {
      for (const listener of listeners) listener(progress);
    },
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
    jobs: () => thread.ask("jobs"),
    record: (messages) => groups.add(messages),
    recorded: (position) => thread.ask("recorded", position),
    stored: ({ source, fingerprint }, directory, files) =>
      thread.ask("stored", { source, fingerprint }, directory, files),
    unchanged: ({ source, fingerprint }, directory, files) =>
      thread.ask("unchanged", { source, fingerprint }, directory, files),
    progress: (job) => thread.ask("progress", job),
    proof: (job, { examples = 20 } = {}) => thread.ask("proof", job, examples),
    failures: (job) => rows((after?: MissCursor) => thread.ask("misses", job, "failed", after)),
    vanished: (job) => rows((after?: MissCursor) => thread.ask("misses", job, "vanished", after)),
    directories: (job) => rows((after?: string) => thread.ask("directories", job, after)),
    failedDirectories: (job) => rows((after?: BreakCursor) => thread.ask("failedDirectories", job, after)),
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
