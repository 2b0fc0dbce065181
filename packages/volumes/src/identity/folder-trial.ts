import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, renameSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError, HostError } from "@brigade/core";
import { errorCode, inWords, isDiskFault, volumeError } from "../disk/disk-errors.ts";
import { writeNew } from "../own-files/durable-file.ts";
import { type EnteredFolder, enter, withShownPath } from "../own-files/entered-folder.ts";
import { createFile } from "../own-files/files.ts";
import { refuseWithoutLocks } from "../own-files/lock.ts";
import { makeIn } from "../own-files/make-folder.ts";
import { enterFolder } from "../own-files/own-path.ts";
import { removeFlat } from "../own-files/removal.ts";

/**
 * Asks whether a folder can be written. With `make` it need not exist: then the one above it is
 * tried.
 */
export interface FolderTrial {
  readonly folder: string;
  readonly make: boolean;
}

/** Asks whether a folder has locks. */
export interface LockTrial {
  readonly locksIn: string;
}

/**
 * Does in a folder what storing needs, as the user of this process: makes a folder and a file,
 * syncs, renames, locks and removes. Leaves nothing there. Throws ConfigError, with what is wrong
 * and what to do.
 */
export function tryFor(trial: LockTrial | FolderTrial): void {
  if ("locksIn" in trial) {
    refuseWithoutLocks(trial.locksIn);
    return;
  }
  const existing = existingFolder(trial.folder, trial.make);
  const own = join(existing, ".brigade");
  try {
    const isVolume = existsSync(join(own, "volume.json"));
    tryIn(isVolume ? own : existing);
  } catch (error) {
    throw cannotBeUsed(trial.folder, error);
  }
}

function tryIn(path: string): void {
  using folder = enterFolder(path);
  const name = `.brigade-trial-${randomUUID()}`;
  makeIn(folder, name);
  try {
    using trial = enter(join(folder.path, name));
    tryWithin(trial, path);
  } finally {
    removeFlat(folder, name);
  }
}

/**
 * Returns a failure to use a folder in words with what to do: HostError if its disk is full,
 * fails or hangs; else ConfigError. A bug is returned as it is.
 */
export function cannotBeUsed(folder: string, error: unknown): unknown {
  if (error instanceof ConfigError) return error;
  if (error instanceof HostError && error.kind === "silent") return error;
  if (!(error instanceof HostError) && errorCode(error) === "") return error;
  const message = `${folder} cannot be used: ${inWords(error)}`;
  const failure = volumeError(error, folder);
  const isDisks = failure.kind === "full" || isDiskFault(error);
  return isDisks
    ? new HostError(failure.kind, message, { cause: error })
    : new ConfigError([message], { cause: error });
}

function tryWithin(trial: EnteredFolder, said: string): void {
  writeNew(createFile(trial.at("first")), [new Uint8Array(4096)]);
  withShownPath(() => renameSync(trial.at("first"), trial.at("second")));
  refuseWithoutLocks(trial.path, said);
}

/** Returns the folder; with `make`, the nearest one above it that exists. Throws ConfigError. */
export function existingFolder(folder: string, make: boolean): string {
  const stats = entryAt(folder, statSync);
  if (stats?.isDirectory()) return folder;
  if (stats !== undefined) throw new ConfigError([`${folder} is a file, not a folder`]);
  if (entryAt(folder, lstatSync)?.isSymbolicLink())
    throw new ConfigError([`${folder} is a link to what is not there: is the disk mounted?`]);
  if (!make) throw new ConfigError([`${folder} is not a folder: make it, or mount the disk`]);
  return existingFolder(dirname(folder), make);
}

/** Returns `undefined` if nothing is there, also because a file lies in the way. */
function entryAt(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw cannotBeUsed(path, error);
  }
}
