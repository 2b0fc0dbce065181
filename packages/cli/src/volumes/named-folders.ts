import { ConfigError, type Environment } from "@brigade/core";
import { type VolumeSettings, volumeVariables } from "@brigade/volumes";
import { readVariables } from "../settings/environment.ts";
import { Problems } from "../settings/problems.ts";
import { namedFolder } from "./named-folder.ts";
import { readVolumesFile } from "./volumes-file.ts";

/**
 * Returns the absolute paths of the volumes that are named on the command line, else of those in
 * VOLUMES and VOLUMES_FILE. Throws ConfigError with all problems.
 */
export function namedFolders(named: readonly string[], environment: Environment): string[] {
  if (named.length === 0) {
    const settings = volumeVariables.pick({ VOLUMES: true, VOLUMES_FILE: true });
    return configuredFolders(readVariables(settings, environment));
  }
  return foldersOf(named);
}

/**
 * Returns the absolute paths of the volumes that VOLUMES and the file VOLUMES_FILE name, which is read
 * now. Throws ConfigError with all problems.
 */
export function configuredFolders({
  VOLUMES,
  VOLUMES_FILE,
}: Pick<VolumeSettings, "VOLUMES" | "VOLUMES_FILE">): string[] {
  const problems = new Problems();
  const named = problems.try(() => foldersOf(VOLUMES)) ?? [];
  const listed = (VOLUMES_FILE && problems.try(() => readVolumesFile(VOLUMES_FILE))) || [];
  problems.try(() => {
    const twice = listed.filter((root) => named.includes(root));
    if (twice.length > 0)
      throw new ConfigError(twice.map((root) => `${root} is in VOLUMES and VOLUMES_FILE`));
  });
  problems.throwAny();
  return [...named, ...listed];
}

function foldersOf(named: readonly string[]): string[] {
  const problems = new Problems();
  const folders = named.map((text) => problems.try(() => namedFolder(text)));
  problems.throwAny();
  return folders.filter((folder) => folder !== undefined);
}

/** As `namedFolders`. Throws ConfigError also if there are none. */
export function someFolders(named: readonly string[], environment: Environment): string[] {
  const folders = namedFolders(named, environment);
  if (folders.length > 0) return folders;
  throw new ConfigError(["name a volume on the command line, or set VOLUMES or VOLUMES_FILE"]);
}
