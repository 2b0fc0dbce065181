import { ConfigError, type Environment } from "@brigade/core";
import { volumeVariables } from "@brigade/volumes";
import { absolutePath } from "../process/working-folder.ts";
import { readVariables } from "../service/configuration.ts";
import { Problems } from "../settings/problems.ts";
import { isUndecoded } from "./undecoded.ts";

/** Volumes named on the command line, else those of VOLUMES, from the root on. Throws ConfigError with all problems. */
export function namedFolders(named: readonly string[], environment: Environment): string[] {
  const { VOLUMES } = readVariables(volumeVariables.pick({ VOLUMES: true }), environment);
  const problems = new Problems();
  const folders = (named.length > 0 ? named : VOLUMES).map((text) => problems.try(() => namedFolder(text)));
  problems.throwAny();
  return folders.filter((folder) => folder !== undefined);
}

/** As `namedFolders`; throws ConfigError where there are none, too. */
export function someFolders(named: readonly string[], environment: Environment): string[] {
  const folders = namedFolders(named, environment);
  if (folders.length > 0) return folders;
  throw new ConfigError(["name a volume on the command line, or set VOLUMES"]);
}

/** A folder as somebody named it, from the root on. Throws ConfigError where it leads to another place than was meant. */
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
