import { existsSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "@brigade/core";
import { errorCode } from "../disk/disk-errors.ts";
import type { EnteredFolder } from "./entered-folder.ts";
import { tryLock } from "./lock.ts";
import { makeFolder } from "./make-folder.ts";
import { enterFolder, inFolderOf } from "./own-path.ts";
import { emptyFolder, removeFile, removeIfEmpty } from "./removal.ts";

/**
 * A folder that is this process's, by a lock in it. Disposing gives up the claim; the folder stays.
 */
export interface ClaimedFolder extends Disposable {
  readonly folder: EnteredFolder;
  /** Removes brigade's own files there, except the lock. */
  empty(): void;
  /**
   * Removes the folder with brigade's own files in it, and gives up the claim. Other files stay,
   * and the folder with them.
   */
  remove(): void;
}

const lockName = "lock";

/**
 * Claims a folder, and makes it if need be. Returns `undefined` if another process has it. One that
 * is just being removed is made anew. `ours`: the names that brigade gives there, without the
 * lock's.
 */
export function claimFolder(path: string, ours: RegExp): ClaimedFolder | undefined {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    makeFolder(path);
    const lock = lockIn(path, 500);
    if (lock === "gone") continue;
    return lock && claim(path, ours, lock);
  }
  throw new HostError("io", `${path} vanishes again and again`);
}

/**
 * Claims the folder of a dead process. Returns `undefined` if that process lives, or is just
 * leaving.
 */
export function claimLeft(path: string, ours: RegExp): ClaimedFolder | undefined {
  // Opening a lock would make it. Without a lock file, no process works here.
  if (!existsSync(join(path, lockName))) return claim(path, ours, undefined);
  const lock = lockIn(path, 0);
  return lock === "gone" || lock === undefined ? undefined : claim(path, ours, lock);
}

/** Returns `gone` if the folder or its lock was removed meanwhile, by the process that had it. */
function lockIn(folder: string, waitMs: number): Disposable | "gone" | undefined {
  const path = join(folder, lockName);
  let lock: Disposable | undefined;
  try {
    lock = tryLock(path, waitMs);
  } catch (error) {
    if (existsSync(folder)) throw error;
    return "gone";
  }
  if (lock === undefined || existsSync(path)) return lock;
  lock[Symbol.dispose]();
  return "gone";
}

/** Returns `undefined` if the folder is gone. */
function claim(path: string, ours: RegExp, lock: Disposable | undefined): Claim | undefined {
  try {
    return new Claim(enterFolder(path), ours, lock);
  } catch (error) {
    lock?.[Symbol.dispose]();
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

class Claim implements ClaimedFolder {
  readonly folder: EnteredFolder;
  readonly #ours: RegExp;
  #lock: Disposable | undefined;

  constructor(folder: EnteredFolder, ours: RegExp, lock: Disposable | undefined) {
    this.folder = folder;
    this.#ours = ours;
    this.#lock = lock;
  }

  empty(): void {
    emptyFolder(this.folder, this.#ours);
  }

  /**
   * The lock's file goes while it is locked: who has opened it meanwhile sees that its path is
   * gone. Some file systems (FUSE, NFS) keep a removed file under another name in its folder while
   * it is open, so the folder itself goes after that.
   */
  remove(): void {
    try {
      this.empty();
      if (this.#lock !== undefined) removeFile(this.folder.at(lockName));
    } finally {
      this[Symbol.dispose]();
    }
    inFolderOf(this.folder.path, (above, name) => removeIfEmpty(above.at(name)));
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
    this.folder[Symbol.dispose]();
  }
}
