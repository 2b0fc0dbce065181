import { createHash, type Hash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../disk/disk-errors.ts";
import { RealFolders } from "../looking/real-folders.ts";
import type { Problem } from "./difference.ts";

/** A file that ought to be there. */
export interface ExpectedFile {
  readonly source: string;
  /** Below `<volume>/<source>/`; has been checked to stay there. */
  readonly path: string;
  readonly size: number;
  readonly md5: string;
}

/** What is there in place of the expected file. */
export interface Finding {
  readonly problem: Exclude<Problem, "extra">;
  readonly found?: { readonly size: number; readonly md5?: string };
  readonly reason?: string;
  /** Which file was looked at; of a regular file only. */
  readonly file?: FileMark;
}

export interface FileMark {
  readonly inode: bigint;
  /** Unix milliseconds: when its bytes or name changed last (ctime). */
  readonly changedAt: number;
}

const bufferBytes = 1024 * 1024;
/**
 * Not to be held up by a pipe, not to follow a link, and not to write a time of access for every
 * file that is read.
 */
const plainly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const leaveAccessTime = constants.O_NOATIME ?? 0;

/** Re-reads files of one volume. Blocks: for a thread of its own. */
export class FileChecker {
  readonly #root: string;
  readonly #stopped: () => boolean;
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  readonly #folders: RealFolders;
  #flags = plainly | leaveAccessTime;

  /** `stopped` is asked between pieces of a large file. */
  constructor(root: string, stopped: () => boolean) {
    this.#root = root;
    this.#stopped = stopped;
    this.#folders = new RealFolders(root);
  }

  /**
   * Returns what is wrong; `undefined` if all is well, "stopped" if it was stopped before that was
   * known.
   */
  check(expected: ExpectedFile): Finding | "stopped" | undefined {
    const below = `${expected.source}/${expected.path}`;
    let descriptor: number;
    try {
      if (!this.#folders.isReal(dirname(below)))
        return { problem: "missing", reason: "its folder is none, or a link" };
      descriptor = this.#open(`${this.#root}/${below}`);
    } catch (error) {
      return findingOf(error);
    }
    try {
      return this.#compare(descriptor, expected);
    } catch (error) {
      return findingOf(error);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Folders may have changed. */
  forget(): void {
    this.#folders.forget();
  }

  #open(path: string): number {
    try {
      return openSync(path, this.#flags);
    } catch (error) {
      // Only a file's owner may leave its time of access alone.
      if (errorCode(error) !== "EPERM" || this.#flags === plainly) throw error;
      this.#flags = plainly;
      return openSync(path, plainly);
    }
  }

  #compare(descriptor: number, expected: ExpectedFile): Finding | "stopped" | undefined {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { problem: "missing", reason: "it is no file" };
    const { size } = stats;
    if (size !== expected.size) return { problem: "size", found: { size }, file: markOf(descriptor) };
    let md5: string | undefined;
    try {
      md5 = this.#hash(descriptor, size);
    } catch (error) {
      return { ...findingOf(error), file: markOf(descriptor) };
    }
    if (md5 === expected.md5) return undefined;
    return md5 === undefined ? "stopped" : { problem: "md5", found: { size, md5 }, file: markOf(descriptor) };
  }

  /** Returns the MD5; `undefined` if it was stopped. */
  #hash(descriptor: number, size: number): string | undefined {
    let large: Hash | undefined;
    let filled = 0;
    for (let left = size; left > 0; ) {
      const count = readSync(descriptor, this.#buffer, filled, Math.min(left, bufferBytes - filled), null);
      if (count === 0) break;
      left -= count;
      filled += count;
      if (filled < bufferBytes || left === 0) continue;
      if (this.#stopped()) return undefined;
      large = (large ?? createHash("md5")).update(this.#buffer);
      filled = 0;
    }
    const rest = this.#buffer.subarray(0, filled);
    return large === undefined ? hash("md5", rest, "hex") : large.update(rest).digest("hex");
  }
}

function markOf(descriptor: number): FileMark {
  const { ino, ctimeMs } = fstatSync(descriptor, { bigint: true });
  return { inode: ino, changedAt: Number(ctimeMs) };
}

function findingOf(error: unknown): Finding {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") return { problem: "missing" };
  if (code === "ELOOP") return { problem: "missing", reason: "a link lies in its place" };
  if (!/^E[A-Z0-9]+$/.test(code)) throw error;
  return { problem: "unreadable", reason: error instanceof Error ? error.message : String(error) };
}
