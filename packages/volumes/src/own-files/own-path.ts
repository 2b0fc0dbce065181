import { lstatSync, realpathSync, type Stats } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "@brigade/core";
import { errorCode } from "../disk/disk-errors.ts";
import { type EnteredFolder, enter } from "./entered-folder.ts";

/*
 * Somebody else may have prepared a disk. So no link counts below a volume's `.brigade`. Down to
 * there links count: they lead to where people said.
 */

/** The first folder of a path that is brigade's own, and the names below it. */
const own = /\/\.brigade(?=\/|$)/;

/** Whether the path leads into a volume's `.brigade`. */
export function isOwn(path: string): boolean {
  return own.test(path);
}

/**
 * The path with no links down to `.brigade`; what lies below it stays as it is. Throws the system's
 * error.
 */
function withoutLinks(path: string): string {
  const at = path.search(own);
  if (at < 0) return realpathSync.native(path);
  return join(realpathSync.native(path.slice(0, at) || "/"), path.slice(at));
}

/** The same for a thread that must not wait for a disk. */
export async function withoutLinksLater(path: string): Promise<string> {
  const at = path.search(own);
  if (at < 0) return await realpath(path);
  return join(await realpath(path.slice(0, at) || "/"), path.slice(at));
}

/**
 * Enters a folder that may be brigade's own. Throws the system's error; ConfigError where a link,
 * or what is no folder, lies on the way below `.brigade`.
 */
export function enterFolder(path: string): EnteredFolder {
  const real = withoutLinks(path);
  try {
    return enter(real);
  } catch (error) {
    if (errorCode(error) === "ENOTDIR") refuseOnTheWay(real);
    throw error;
  }
}

function refuseOnTheWay(path: string): void {
  const at = path.search(own);
  if (at < 0) return;
  const names = path.slice(at + 1).split("/");
  for (let count = 1; count <= names.length; count++) {
    const one = join(path.slice(0, at) || "/", ...names.slice(0, count));
    const stats = lstatSync(one, { throwIfNoEntry: false });
    if (stats?.isDirectory() === false) throw notOurs(one, stats, "a folder");
  }
}

/**
 * Returns what lies at this path, which must be a file; `undefined` if nothing does. Throws
 * ConfigError, or the system's error.
 */
export function lookAtFile(folder: EnteredFolder, name: string): Stats | undefined {
  const stats = lstatSync(folder.at(name), { throwIfNoEntry: false });
  if (stats !== undefined) assertFile(join(folder.path, name), stats);
  return stats;
}

/** Throws ConfigError where what lies at this path is no file. */
export function assertFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw notOurs(path, stats, "a file");
}

/** What lies in a place of brigade's own is not brigade's. */
export class NotOurs extends ConfigError {}

/** A file lies where a folder is to be. */
export class FileInTheWay extends NotOurs {}

/** `wanted`: what brigade would have made there. */
export function notOurs(path: string, stats: Stats, wanted: "a file" | "a folder"): NotOurs {
  const problems = [`${path} is ${kindOf(stats)}, not ${wanted} of brigade's: remove it`];
  return stats.isFile() ? new FileInTheWay(problems) : new NotOurs(problems);
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return "a link";
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? "a file" : "a device";
}

/** Runs a step in the folder of this path, with its name there. */
export function inFolderOf<T>(path: string, step: (folder: EnteredFolder, name: string) => T): T {
  using folder = enterFolder(dirname(path));
  return step(folder, basename(path));
}
