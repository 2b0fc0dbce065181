import { Worker } from "node:worker_threads";
import type { HostError, Log } from "@brigade/core";
import type { CatalogueThreadData } from "../thread/protocol.ts";
import type { Progress } from "../wire/jobs.ts";
import type { CatalogueCopy } from "../wire/objects.ts";
import { CommitGroups } from "./commit-groups.ts";
import { type History, history } from "./history.ts";
import { type CommitListener, type JobBook, jobBook } from "./job-book.ts";
import { type KeptOrders, keptOrders } from "./orders.ts";
import { type Questions, questions } from "./questions.ts";
import { type Recording, recording } from "./recording.ts";
import { type Retrying, retrying } from "./retrying.ts";
import { ThreadCall } from "./thread-call.ts";

/**
 * Pages and outcomes of all jobs, and where every object lies, in one file that one process has at
 * a time. Answers come from committed records only. Methods reject with HostError when the disk is
 * full or failed; nothing is half done then.
 */
export interface Catalogue extends AsyncDisposable {
  readonly jobs: JobBook;
  readonly recording: Recording;
  readonly history: History;
  readonly questions: Questions;
  readonly retrying: Retrying;
  readonly orders: KeptOrders;
  /**
   * Copies the catalogue to a file beside it, `<path>.backup`, while it is used. There is one copy
   * at a time: who asks meanwhile gets that one.
   */
  backup(): Promise<CatalogueCopy>;
  /**
   * Drops a part of what is kept of pages and directories of jobs that a newer, complete job of the
   * same prefix and filters has made superfluous; totals stay. Resolves with `true` until there is
   * nothing more to drop.
   */
  prune(): Promise<boolean>;
}

export interface CatalogueParts {
  /** The database file; made when missing, its folder must be there. */
  readonly path: string;
  readonly log: Log;
  /** Bytes of the database that stay in memory, if memory is short. */
  readonly cacheBytes?: number | undefined;
  /**
   * Called when the disk begins to fail (who asked gets an error, too), and without an argument when
   * it takes writes again.
   */
  readonly onDisk?: (trouble: HostError | undefined) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/**
 * Rejects with FatalError when the file is no catalogue, or another process has it; with
 * ConfigError when it is of a newer version; with HostError when the disk fails.
 */
export async function openCatalogue(parts: CatalogueParts): Promise<Catalogue> {
  const { log, now = Date.now } = parts;
  const { worker, thread } = await startThread(parts);
  const listeners = new Set<CommitListener>();
  function notify(progress: readonly Progress[]): void {
    for (const listener of listeners) listener(progress);
  }
  const groups = new CommitGroups(
    async (messages) => {
      const started = performance.now();
      const committed = await thread.ask("records", "record", messages, now());
      const ms = Math.round(performance.now() - started);
      log.debug({ records: messages.length, ms }, "records committed");
      return committed;
    },
    ({ progress }) => notify(progress),
  );
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await groups.idle();
    await thread.ask("closing", "close");
    await worker.terminate();
  }
  return {
    jobs: jobBook(thread, listeners, now),
    recording: recording(thread, groups, now),
    history: history(thread),
    questions: questions(thread),
    retrying: retrying(thread, notify),
    orders: keptOrders(thread),
    backup: () => thread.ask("backups", "backup"),
    prune: () => thread.ask("pruning", "prune"),
    async [Symbol.asyncDispose]() {
      closing ??= close();
      await closing;
    },
  };
}

async function startThread({
  path,
  cacheBytes,
  onDisk = () => {},
}: CatalogueParts): Promise<{ worker: Worker; thread: ThreadCall }> {
  const worker = new Worker(new URL("../thread/thread.ts", import.meta.url), {
    name: "catalogue",
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
  return { worker, thread };
}
