import { closeSync, fstatSync, futimesSync, lstatSync, lutimesSync, type Stats } from "node:fs";
import { errorCode } from "../disk/disk-errors.ts";
import { createFile } from "../own-files/files.ts";
import { removeFile } from "../own-files/removal.ts";

export interface FileTimesNeeds {
  /** Returns a path for a temporary file, at which nothing lies. */
  readonly scratch: () => string;
  readonly onWarning: (error: unknown, message: string) => void;
}

/** Every file system can hold the seconds from 1970 up to this one; some hold no others. */
const latest = 2 ** 31;
/** Unix seconds: odd, since FAT counts in steps of two. */
const probed = 1_000_000_001;

/** What a file system or its owner may not allow, although it accepts the bytes. */
const refusals: ReadonlySet<string> = new Set([
  "EPERM",
  "EACCES",
  "ENOSYS",
  "EOPNOTSUPP",
  "ENOTSUP",
  "EINVAL",
  "EOVERFLOW",
]);

/**
 * Modification times on one volume. Some file systems refuse them, or hold only some: the manifest
 * has them all. All times are Unix seconds; those before 1970 are negative.
 */
export class FileTimes {
  readonly #needs: FileTimesNeeds;
  #isExact: boolean | undefined;
  #warned = false;

  constructor(needs: FileTimesNeeds) {
    this.#needs = needs;
  }

  /**
   * Returns the time that the open file has, where it is another; `undefined` when it has the one
   * wanted.
   */
  set(descriptor: number, modified: number): number | undefined {
    const time = argument(modified);
    return this.#set(
      modified,
      () => futimesSync(descriptor, time, time),
      () => fstatSync(descriptor),
    );
  }

  /** Like `set`, by path. */
  setAt(path: string, modified: number): number | undefined {
    const time = argument(modified);
    return this.#set(
      modified,
      () => lutimesSync(path, time, time),
      () => lstatSync(path),
    );
  }

  /** Whether a file that was given the time `modified` would have the time `found` now. */
  isKeptAs(modified: number, found: number): boolean {
    if (modified === found) return true;
    return !this.#isCertain(modified) && this.#keptAs(modified) === found;
  }

  #set(modified: number, set: () => void, look: () => Stats): number | undefined {
    try {
      set();
      if (this.#isCertain(modified)) return undefined;
    } catch (error) {
      if (!refusals.has(errorCode(error))) throw error;
      this.#warn(error);
    }
    const found = secondsOf(look());
    if (found === modified) return undefined;
    this.#warn(`${modified} became ${found}, in seconds since 1970`);
    return found;
  }

  /** Whether a time is kept as it is, as far as this volume has shown. */
  #isCertain(modified: number): boolean {
    if (modified < 0 || modified >= latest) return false;
    this.#isExact ??= this.#keptAs(probed) === probed;
    return this.#isExact;
  }

  /** What the file system makes of a time; `undefined` where it cannot be asked. */
  #keptAs(modified: number): number | undefined {
    const path = this.#needs.scratch();
    try {
      const descriptor = createFile(path);
      try {
        futimesSync(descriptor, argument(modified), argument(modified));
        return secondsOf(fstatSync(descriptor));
      } finally {
        closeSync(descriptor);
        removeFile(path);
      }
    } catch {
      // A disk that is full, say: the next file to be stored fails with that.
      return undefined;
    }
  }

  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#needs.onWarning(
      error,
      "this file system does not keep some modification times: the manifest has the true ones",
    );
  }
}

/** Unix seconds. */
export function secondsOf({ mtimeMs }: Stats): number {
  return Math.floor(mtimeMs / 1000);
}

/** Node takes a negative number for the present moment, but a date for what it is. */
function argument(modified: number): number | Date {
  return modified < 0 ? new Date(modified * 1000) : modified;
}
