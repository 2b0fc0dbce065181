import { randomUUID } from "node:crypto";
import { closeSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError, HostError } from "@brigade/core";
import { errorCode, volumeError } from "../disk/disk-errors.ts";
import { noteProgress } from "../disk/progress.ts";
import { DatabaseSync } from "../disk/sqlite.ts";
import { DatabaseFile } from "./database-file.ts";
import { createOwnFile } from "./files.ts";
import { removeOwnFile } from "./removal.ts";

/**
 * Holds a lock on a file until it is released, or until this process dies in whatever way: SQLite's
 * locks are the kernel's (fcntl). Never open such a file by other means: closing it would drop the
 * lock. Returns `undefined` if another process holds it for longer than `waitMs`. Throws
 * ConfigError if the file system has no locks, HostError if the file cannot be opened.
 */
export function tryLock(path: string, waitMs: number): Disposable | undefined {
  const lock = lockWithin(path, 0);
  if (lock !== undefined) return lock;
  // SQLite takes the absence of locks for a lock of another process.
  refuseWithoutLocks(dirname(path));
  for (let left = waitMs; left > 0; left -= sliceMs) {
    const late = lockWithin(path, Math.min(left, sliceMs));
    if (late !== undefined) return late;
    noteProgress();
  }
  return undefined;
}

/** How long the thread waits without a sign of life, at most. Milliseconds. */
const sliceMs = 5_000;

/** Throws ConfigError, which names `shownAs`, where the folder's file system has no locks. */
export function refuseWithoutLocks(folder: string, shownAs = folder): void {
  const path = join(folder, `.lock-${randomUUID()}`);
  try {
    const lock = lockWithin(path, 0);
    if (lock === undefined) throw noLocks(shownAs, undefined);
    lock[Symbol.dispose]();
  } catch (error) {
    throw error instanceof ConfigError ? noLocks(shownAs, error) : error;
  } finally {
    removeOwnFile(path);
  }
}

function lockWithin(path: string, waitMs: number): Disposable | undefined {
  const file = new DatabaseFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: waitMs });
    // Nothing is ever written: no journal is to appear beside the file.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    const code = sqliteCode(error);
    if (code === undefined) throw error;
    if (code === codes.busy) return undefined;
    if (code === codes.io) throw noLocks(dirname(path), error);
    throw notLocked(path, error);
  }
  const held = database;
  // Another was put there while this one was opened.
  if (!file.isSame) {
    held.close();
    return undefined;
  }
  return { [Symbol.dispose]: () => held.close() };
}

/** SQLite does not say what the system's error was: another file there shows it. */
function notLocked(path: string, cause: unknown): HostError {
  const error = whyNoFile(dirname(path)) ?? cause;
  const said = error instanceof Error ? error.message : String(error);
  const kind = errorCode(error) === "" ? "io" : volumeError(error, path).kind;
  return new HostError(kind, `${path} cannot be locked: ${said}`, { cause });
}

/** Returns the error of making a file there; `undefined` if that works. */
function whyNoFile(folder: string): unknown {
  const path = join(folder, `.lock-${randomUUID()}`);
  try {
    closeSync(createOwnFile(path));
    removeOwnFile(path);
    return undefined;
  } catch (error) {
    return error;
  }
}

function noLocks(folder: string, cause: unknown): ConfigError {
  const remedy = "start the lock daemon of an NFS, or mount it with local_lock=all; or use another disk";
  return new ConfigError([`${folder}: this file system has no locks (ENOLCK): ${remedy}`], { cause });
}

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const codes = { busy: 5, io: 10 } as const;

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}
