import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FatalError, HostError, isSameFile } from "@brigade/core";
import { backup, type DatabaseSync } from "../sqlite.ts";
import type { CatalogueCopy } from "../wire/objects.ts";
import { translate } from "./storage.ts";

/** Database pages that are copied at a time; everything else waits for as long. */
const pagesAtOnce = 1_000;

/** Copies the catalogue while it is written to. Whoever asks while a copy is being made gets that one. */
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

  /** Breaks off what is running, for the database to be closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    // how it ends is told to whoever asked for the copy
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
      const told = translate(error, unfinished);
      throw told instanceof FatalError ? new HostError("io", told.message, { cause: error }) : told;
    }
  }

  /** Made for its owner alone. Returns its size, bytes. SQLite brings what is written meanwhile into the copy too. */
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

/** Syncs a file while it is written, over and over: the sync at the end, which everything waits for, has little left to do. */
class Syncing {
  readonly #file: FileHandle;
  #running: Promise<void> | undefined;
  #failure: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Unless one is running. */
  start(): void {
    this.#running ??= this.#sync();
  }

  /** Throws what failed. */
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

/** How a copy ends that would have begun in the middle of a transaction: later steps wait for its end, the first does not. */
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
