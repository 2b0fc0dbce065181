import { close, closeSync, constants, fsync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isLimit } from "../disk/disk-errors.ts";
import type { Syncfs } from "../disk/syncfs.ts";

/** What has changed on the disk and is to be made safe. */
export interface Changes {
  /** Descriptors of files with new data, of whole files only; the syncer closes them. */
  readonly files: readonly number[];
  /** Folders in which names have changed. */
  readonly folders: Iterable<string>;
  /** The manifest's open segment. */
  readonly manifest: number | undefined;
}

/** Makes changes durable. A rejection means that any of them, and any before, may be lost. */
export interface Syncer {
  /** Whether `files`, `folders` and `manifest` are needed: false when all is synced alike. */
  readonly each: boolean;
  sync(changes: Changes): Promise<void>;
  close(): void;
}

/**
 * One syncfs for everything. The descriptor stays open: the kernel keeps with it which write
 * errors were reported, so an error between two syncs is not missed.
 */
export function wholeSyncer(syncfs: Syncfs, folder: string): Syncer {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    each: false,
    sync: () => syncfs(descriptor),
    close: () => closeSync(descriptor),
  };
}

const fsyncAsync = promisify(fsync);
const closeAsync = promisify(close);

/**
 * fsync of every file, every folder and the manifest; several at once, so that a journal can commit
 * them together.
 */
export function eachSyncer(): Syncer {
  return {
    each: true,
    sync: async ({ files, folders, manifest }) => {
      await all(files.map((file) => syncAndClose(file)));
      await syncFolders(folders);
      if (manifest !== undefined) await fsyncAsync(manifest);
    },
    close: () => {},
  };
}

/** Syncs nothing, for a copy that can be fetched again. */
export const noSyncer: Syncer = { each: false, sync: async () => {}, close: () => {} };

/** Folders that are synced at once: each takes one of the process's open files. */
const foldersAtOnce = 4;

async function syncFolders(folders: Iterable<string>): Promise<void> {
  const left = new Set(folders).values();
  const syncInTurn = async () => {
    for (const folder of left) await syncAndClose(await openFolder(folder));
  };
  await all(Array.from({ length: foldersAtOnce }, syncInTurn));
}

/** Milliseconds that a folder waits for one of the process's open files, and between two tries. */
const patience = 20_000;
const again = 50;

/**
 * Waits when the process has too many files open: the files of this sync were closed, and others
 * will be.
 */
async function openFolder(folder: string): Promise<number> {
  const until = performance.now() + patience;
  for (;;) {
    try {
      return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    } catch (error) {
      if (!isLimit(error) || performance.now() > until) throw error;
      await sleep(again);
    }
  }
}

async function syncAndClose(descriptor: number): Promise<void> {
  try {
    await fsyncAsync(descriptor);
  } finally {
    await closeAsync(descriptor);
  }
}

/** Waits for all, so that nothing runs on, then throws the first error. */
async function all(running: readonly Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(running)) {
    if (one.status === "rejected") throw one.reason;
  }
}
