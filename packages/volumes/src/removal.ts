import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "./disk-errors.ts";
import { noteProgress } from "./progress.ts";

/*
 * Node's rmSync throws errors without the system's code (on a disk that went read-only, say), which then look like
 * errors of this program. Everything in this package that removes something does it here.
 */

/** Removes a file, if it is there. Throws the system's error. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/** Removes a file or a folder with all that is in it, if it is there; follows no links. Throws the system's error. */
export function removeTree(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    removeFile(path);
    return;
  }
  for (const name of readdirSync(path)) {
    removeTree(join(path, name));
    noteProgress();
  }
  try {
    rmdirSync(path);
  } catch (error) {
    // Another process cleans up, too.
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
