import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Environment } from "@brigade/core";

/**
 * Returns whether a path that was given had bytes that are not UTF-8. Node gives U+FFFD for them,
 * and would use another path. The program's first file has noted which paths those are; if it could
 * not, every U+FFFD counts.
 */
export function isUndecoded(path: string, environment: Environment = process.env): boolean {
  const noted = environment.BRIGADE_NOT_UTF8?.split(" ");
  if (path.includes("\ufffd") && noted?.includes(encodeURIComponent(path)) !== false) return true;
  return !isAbsolute(path) && isWorkingFolderUndecoded();
}

/** Returns whether the path that Node has for the working folder leads elsewhere. */
function isWorkingFolderUndecoded(): boolean {
  const path = process.cwd();
  if (!path.includes("\ufffd")) return false;
  const [named, here] = [statSync(path, { throwIfNoEntry: false }), statSync(".")];
  return named?.ino !== here.ino || named.dev !== here.dev;
}
