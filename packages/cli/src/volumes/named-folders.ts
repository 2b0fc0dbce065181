import { ConfigError, type Environment } from "@brigade/core";
import { volumeVariables } from "@brigade/volumes";
import { absolutePath } from "../process/working-folder.ts";
import { readVariables } from "../settings/environment.ts";
import { Problems } from "../settings/problems.ts";
import { isUndecoded } from "./undecoded.ts";

/**
 * Returns the absolute paths of the volumes that are named on the command line, else of those in
 * VOLUMES. Throws ConfigError with all problems.
 */
export function namedFolders(named: readonly string[], environment: Environment): string[] {
  const { VOLUMES } = readVariables(volumeVariables.pick({ VOLUMES: true }), environment);
  const problems = new Problems();
  const folders = (named.length > 0 ? named : VOLUMES).map((text) => problems.try(() => namedFolder(text)));
  problems.throwAny();
  return folders.filter((folder) => folder !== undefined);
}

/** As `namedFolders`. Throws ConfigError also if there are none. */
export function someFolders(named: readonly string[], environment: Environment): string[] {
  const folders = namedFolders(named, environment);
  if (folders.length > 0) return folders;
  throw new ConfigError(["name a volume on the command line, or set VOLUMES"]);
}

/**
 * Returns the absolute path of a folder. Throws ConfigError if the path would lead to another place
 * than was meant.
 */
export function namedFolder(text: string): string {
  if (text === "") throw new ConfigError(["the name of a folder is empty: is a variable not set?"]);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) throw new ConfigError([`${text} is a URL, not a folder`]);
  const path = absolutePath(text);
  if (isUndecoded(text))
    throw new ConfigError([
      `${path}: a path that is not UTF-8 cannot be used: rename it, or mount the disk elsewhere`,
    ]);
  return path;
}
