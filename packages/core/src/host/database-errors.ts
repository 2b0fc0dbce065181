import { FatalError, HostError } from "../failures.ts";

/** A file of SQLite, for messages. */
export interface DatabaseFile {
  /** Such as "the catalogue". */
  readonly what: string;
  readonly path: string;
  /** What people do when it is damaged. */
  readonly ifDamaged: string;
}

/** SQLite's primary result codes, the low byte of a code: https://sqlite.org/rescode.html */
const codes = {
  permission: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** Codes of SQLITE_IOERR: what failed. */
const ioSteps: Readonly<Record<number, string>> = {
  266: "reading",
  778: "writing",
  1034: "syncing",
  1290: "syncing its folder",
  1546: "truncating",
  1802: "looking at its size",
  2058: "unlocking",
  2314: "locking",
  2570: "deleting",
  3594: "locking",
  3850: "locking",
  4106: "closing",
};
/**
 * Less can be read than the file should have; what was read is not what was written; the file
 * system is damaged.
 */
const damagedIo: readonly number[] = [522, 8202, 8458];

/** The code of an error that SQLite (or `damagedDatabase`) made. */
function codeOf(error: Error): number | undefined {
  return "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}

/** Whether SQLite says that the file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error ? codeOf(error) : undefined;
  if (code === undefined) return false;
  return [codes.corrupt, codes.notADatabase].some((one) => one === (code & 0xff)) || damagedIo.includes(code);
}

/**
 * For damage that is seen without SQLite's help: `databaseError` takes it for SQLite's own finding.
 */
export function damagedDatabase(finding: string): Error {
  return Object.assign(new Error(finding), { errcode: codes.corrupt });
}

/**
 * What SQLite, or the system where a file is made for it, says of a database's file and its disk,
 * in words. `undefined` if the error is about something else. HostError: may pass, and nothing was
 * committed. FatalError: waiting does not help.
 */
export function databaseError(error: unknown, file: DatabaseFile): HostError | FatalError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { what, path, ifDamaged } = file;
  const cause = { cause: error };
  if ("syscall" in error) {
    const isFull = "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
    return new HostError(isFull ? "full" : "io", `${what} ${path}: ${error.message}`, cause);
  }
  if (isDamage(error))
    return new FatalError(`${what} ${path} is damaged (${error.message}): ${ifDamaged}`, cause);
  const code = codeOf(error);
  switch (code === undefined ? undefined : code & 0xff) {
    case codes.full:
      return new HostError("full", `no room on the disk for ${what} ${path}: free some space there`, cause);
    case codes.readOnly:
      return new HostError("io", `${what} ${path} cannot be written: ${whyReadOnly(code)}`, cause);
    case codes.io:
      return new HostError("io", `the disk failed while ${ioStep(code)} ${what} ${path}: see dmesg`, cause);
    case codes.busy:
    case codes.locked:
      return new FatalError(
        `${what} ${path} is in use by another process, or its file system has no locks`,
        cause,
      );
    case codes.permission:
    case codes.cannotOpen:
      return new FatalError(
        `${what} ${path} cannot be opened: it must be a file that this user may write, in a folder that exists`,
        cause,
      );
    default:
      return undefined;
  }
}

function whyReadOnly(code: number | undefined): string {
  return code === 1032
    ? "it was moved or deleted while it was in use"
    : "the file or its disk is read-only for this user";
}

function ioStep(code: number | undefined): string {
  return ioSteps[code ?? 0] ?? `at work (SQLite's code ${code}) on`;
}
