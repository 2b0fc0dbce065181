import { isAbsolute, resolve } from "node:path";
import { ConfigError } from "@brigade/core";

let isGone = false;

/** Where the working directory was removed, Node starts no thread: the process leaves it. To be called before all else. */
export function leaveRemovedFolder(): void {
  try {
    process.cwd();
  } catch {
    isGone = true;
    process.chdir("/");
  }
}

/** Whether relative paths lead nowhere. */
export function isWorkingFolderGone(): boolean {
  return isGone;
}

/** The path from the root on. Throws ConfigError for a relative one where the working directory was removed. */
export function absolutePath(path: string): string {
  if (isGone && !isAbsolute(path))
    throw new ConfigError([`${path}: the working directory was removed: name a path that begins with /`]);
  return resolve(path);
}
