import { existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../disk/disk-errors.ts";
import { type EnteredFolder, withShownPath } from "./entered-folder.ts";
import { inFolderOf, isOwn, notOurs } from "./own-path.ts";

/**
 * Makes a folder and those above it, where they are not there. `mode`: its own. Throws the system's
 * error; ConfigError where a link, or what is no folder, lies on the way below `.brigade`.
 */
export function makeFolder(path: string, mode?: number): void {
  if (isOwn(path)) {
    makeFolder(dirname(path));
    inFolderOf(path, (folder, name) => makeIn(folder, name, mode));
  } else makeNamed(path, mode);
}

/**
 * Makes a folder in another, where it is not there. Throws the system's error; ConfigError where it
 * is none.
 */
export function makeIn(folder: EnteredFolder, name: string, mode?: number): void {
  const path = folder.at(name);
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before === undefined && tryMake(path, mode)) return;
  const stats = before ?? lstatSync(path);
  if (!stats.isDirectory()) throw notOurs(join(folder.path, name), stats, "a folder");
}

/** Returns `false` if something is there already. */
function tryMake(path: string, mode: number | undefined): boolean {
  try {
    withShownPath(() => mkdirSync(path, mode));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * (Node's own way to do it goes on for ever in a file system that makes no folders and says ENOENT,
 * as `/proc`.)
 */
function makeNamed(path: string, mode?: number): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  // Below a file, the system's own error has what is wrong.
  if (above !== path && !existsSync(above)) makeNamed(above);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const isMadeByAnother = errorCode(error) === "EEXIST";
    if (!isMadeByAnother || !isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false; // what is wrong shows when it is made
  }
}
