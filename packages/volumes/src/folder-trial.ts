import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError, HostError } from "@brigade/core";
import { errorCode, inWords, volumeError } from "./disk-errors.ts";
import { writeAll } from "./durable-file.ts";
import { findLayout } from "./identity.ts";
import { refuseWithoutLocks } from "./lock.ts";
import { removeTree } from "./removal.ts";

/** Whether a folder can be written. With `make` it need not be there: then the one above it is tried. */
export interface FolderTrial {
  readonly folder: string;
  readonly make: boolean;
}

/** Whether a folder has locks. */
export interface LockTrial {
  readonly locksIn: string;
}

/** Whether a folder can be opened as a volume. */
export interface VolumeTrial extends FolderTrial {
  /** It may become a volume. */
  readonly init: boolean;
  /** It was one in an earlier run: if it is none now, its disk is not mounted. */
  readonly wasVolume: boolean;
}

/**
 * Does in a folder, as the user that runs, what storing needs: makes a folder and a file, syncs, renames, locks and
 * removes. Leaves nothing there. Throws ConfigError, with what is wrong and what to do.
 */
export function tryFor(trial: LockTrial | FolderTrial | VolumeTrial): void {
  if ("locksIn" in trial) {
    refuseWithoutLocks(trial.locksIn);
    return;
  }
  const existing = existingFolder(trial.folder, trial.make);
  const own = join(existing, ".brigade");
  try {
    const isVolume = existsSync(join(own, "volume.json"));
    if ("init" in trial && !isVolume) refuseNoVolume(trial);
    tryIn(isVolume ? own : existing);
  } catch (error) {
    throw cannotBeUsed(trial.folder, error);
  }
}

function refuseNoVolume({ folder, init, wasVolume }: VolumeTrial): void {
  if (wasVolume) throw new ConfigError([`${folder} was a volume and is none now: is its disk mounted?`]);
  if (!init) findLayout(folder);
}

function tryIn(folder: string): void {
  const trial = join(folder, `.brigade-trial-${randomUUID()}`);
  mkdirSync(trial);
  try {
    tryWithin(trial, folder);
  } finally {
    removeTree(trial);
  }
}

/**
 * A failure to use a folder, as people can mend it: HostError where its disk is full, fails or hangs; else ConfigError.
 * A bug stays what it is.
 */
export function cannotBeUsed(folder: string, error: unknown): unknown {
  if (error instanceof ConfigError) return error;
  if (error instanceof HostError && error.kind === "silent") return error;
  if (!(error instanceof HostError) && errorCode(error) === "") return error;
  const message = `${folder} cannot be used: ${inWords(error)}`;
  const failure = volumeError(error, folder);
  const isDisks = failure.kind === "full" || errorCode(error) === "EIO";
  return isDisks
    ? new HostError(failure.kind, message, { cause: error })
    : new ConfigError([message], { cause: error });
}

function tryWithin(trial: string, told: string): void {
  const [first, second] = [join(trial, "first"), join(trial, "second")];
  const descriptor = openSync(first, "wx", 0o644);
  try {
    writeAll(descriptor, new Uint8Array(4096));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(first, second);
  refuseWithoutLocks(trial, told);
}

function existingFolder(folder: string, make: boolean): string {
  const stats = entryAt(folder, statSync);
  if (stats?.isDirectory()) return folder;
  if (stats !== undefined) throw new ConfigError([`${folder} is a file, not a folder`]);
  if (entryAt(folder, lstatSync)?.isSymbolicLink())
    throw new ConfigError([`${folder} is a link to what is not there: is the disk mounted?`]);
  if (!make) throw new ConfigError([`${folder} is not a folder: make it, or mount the disk`]);
  return existingFolder(dirname(folder), make);
}

/** `undefined` where there is nothing, also because a file lies in the way. */
function entryAt(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw cannotBeUsed(path, error);
  }
}
