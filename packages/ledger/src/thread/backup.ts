import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FatalError, HostError, isSameFile } from "@brigade/core/thread";
import { translate } from "../database/storage.ts";
import { backup, type DatabaseSync } from "../sqlite.ts";
import type { CatalogueCopy } from "../wire/objects.ts";

/** Database pages that are copied at a time. Everything else waits until they are copied. */
const pagesAtOnce = 1_000;

/**
 * Copies the catalogue while it is written to. Who asks while a copy is being made gets that copy.
 */
export class Backups {
  readonly #db: DatabaseSync;
  readonly #path: string;
  #running: Promise<CatalogueCopy> | undefined;
  #isStopping = false;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** Rejects with HostError when the disk is full or fails; a copy made before stays then. */
  backup(): Promise<CatalogueCopy> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Breaks off a copy that is being made, so that the database can be closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    // its end is reported to the caller who asked for the copy
    await Promise.allSettled([this.#running]);
  }

  async #run(): Promise<CatalogueCopy> {
    const path = `${this.#path}.backup`;
    const unfinished = `${path}.new`;
    try {
      await remove(unfinished);
      const bytes = await this.#copy(unfinished);
      await rename(unfinished, path);
      await syncFolder(dirname(path));
      return { path, bytes };
    } catch (error) {
      await remove(unfinished);
      const translated = translate(error, unfinished);
      throw translated instanceof FatalError
        ? new HostError("io", translated.message, { cause: error })
        : translated;
    }
  }

  /**
   * Only the owner may read the copy. Returns its size in bytes. SQLite copies, too, what is
   * written meanwhile.
   */
  async #copy(to: string): Promise<number> {
    await using file = await open(to, "wx", 0o600);
    const syncing = new Syncing(file);
    let hasBegun = false;
    const goOn = () => {
      if (this.#isStopping) throw new Error("the catalogue is closed");
    };
    const progress = () => {
      goOn();
      hasBegun = true;
      syncing.start();
    };
    for (let isDone = false; !isDone; ) {
      goOn();
      try {
        await backup(this.#db, to, { rate: pagesAtOnce, progress });
        isDone = true;
      } catch (error) {
        if (hasBegun || !isNoError(error)) throw error;
      } finally {
        await syncing.end();
      }
    }
    await file.sync();
    const stats = await file.stat();
    if (!isSameFile(stats, await lstat(to)))
      throw new Error(`${to} became another file while it was written`);
    return stats.size;
  }
}

/**
 * Syncs a file again and again while it is written. So the sync at the end, for which everything
 * waits, is short.
 */
class Syncing {
  readonly #file: FileHandle;
  #running: Promise<void> | undefined;
  #failure: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Starts a sync, unless one is running. */
  start(): void {
    this.#running ??= this.#sync();
  }

  /** Throws the error of the first sync that failed. */
  async end(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #sync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#failure ??= error;
    }
    this.#running = undefined;
  }
}

/**
 * Whether a copy was to begin in the middle of a transaction. SQLite lets later steps of a copy
 * wait for the end of a transaction, but not the first step.
 */
function isNoError(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 0;
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

async function remove(database: string): Promise<void> {
  for (const path of [database, `${database}-journal`]) await rm(path, { force: true });
}
