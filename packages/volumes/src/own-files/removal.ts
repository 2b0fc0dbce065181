import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../disk/disk-errors.ts";
import { noteProgress } from "../disk/progress.ts";
import { type EnteredFolder, enter, ifThere, withShownPath } from "./entered-folder.ts";
import { inFolderOf } from "./own-path.ts";

/*
 * Node's rmSync throws errors without the system's code (on a disk that went read-only, say), which
 * then look like errors of this program. Everything in this package that removes something does it
 * here. No link is followed.
 */

/** Removes a file, if it is there. `path`: at hand. Throws the system's error. */
export function removeFile(path: string): void {
  ifThere(() => unlinkSync(path));
}

/** The same, for a path that may be brigade's own. */
export function removeOwnFile(path: string): void {
  ifThere(() => inFolderOf(path, (folder, name) => unlinkSync(folder.at(name))));
}

/**
 * Removes from a folder what is called as `ours` says: files, and folders with the files in them.
 * What lies deeper is nothing that brigade makes: it stays. Throws the system's error.
 */
export function emptyFolder(folder: EnteredFolder, ours: RegExp): void {
  for (const name of withShownPath(() => readdirSync(folder.at(".")))) {
    if (!ours.test(name)) continue;
    if (lstatSync(folder.at(name), { throwIfNoEntry: false })?.isDirectory() === true)
      removeFlat(folder, name);
    else removeFile(folder.at(name));
    noteProgress();
  }
}

/**
 * Removes a folder and the files in it, if it is there; folders in it stay, and the folder with
 * them.
 */
export function removeFlat(above: EnteredFolder, name: string): void {
  ifThere(() => {
    using folder = enter(join(above.path, name));
    for (const entry of readdirSync(folder.at("."), { withFileTypes: true }))
      if (!entry.isDirectory()) removeFile(folder.at(entry.name));
  });
  removeIfEmpty(above.at(name));
}

/**
 * Removes a folder, if it is there and nothing is in it. `path`: at hand. Throws the system's
 * error.
 */
export function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errorCode(error))) throw error;
  }
}
