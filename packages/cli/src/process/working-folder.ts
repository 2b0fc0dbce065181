import { isAbsolute, resolve } from "node:path";
import { ConfigError } from "@brigade/core";

let isGone = false;

/**
 * Leaves a working directory that was removed: Node starts no thread there. To be called before all
 * else.
 */
export function leaveRemovedFolder(): void {
  try {
    process.cwd();
  } catch {
    isGone = true;
    process.chdir("/");
  }
}

/** Returns whether the working directory was removed: relative paths lead nowhere. */
export function isWorkingFolderGone(): boolean {
  return isGone;
}

/**
 * Returns the absolute path. Throws ConfigError for a relative one if the working directory was
 * removed.
 */
export function absolutePath(path: string): string {
  if (isGone && !isAbsolute(path))
    throw new ConfigError([`${path}: the working directory was removed: name a path that begins with /`]);
  return resolve(path);
}
