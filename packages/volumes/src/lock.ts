import { DatabaseSync } from "./sqlite.ts";

/**
 * Holds a lock on a file until released or until this process dies, however it dies: SQLite's locks are the
 * kernel's (fcntl). Never open such a file by other means: closing it would drop the lock.
 * Gives nothing when another holds it for longer than `waitMs`.
 */
export function tryLock(path: string, waitMs: number): Disposable | undefined {
  const database = new DatabaseSync(path, { timeout: waitMs });
  try {
    // Nothing is ever written: no journal is to appear beside the file.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) return undefined;
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

const sqliteBusy = 5;
