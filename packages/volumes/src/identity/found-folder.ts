import { isUtf8 } from "node:buffer";
import { realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ConfigError } from "@brigade/core";
import { cannotBeUsed, existingFolder, type FolderTrial } from "./folder-trial.ts";
import { findLayout, identityOf, type Names, refuseOtherNames } from "./identity.ts";
import { refusePlace } from "./place.ts";

/** A folder that is to be opened as a volume. */
export interface VolumeTrial extends FolderTrial {
  /** It may become a volume. */
  readonly init: boolean;
  /** If it is a volume, its names must be so. */
  readonly names?: Names | undefined;
}

/** What a folder is before anything is made there. */
export interface FoundFolder {
  /** Its path, as it was given. */
  readonly given: string;
  /** Its path without links. */
  readonly root: string;
  /** The volume that it is; absent: none yet. */
  readonly volume?: { readonly id: string; readonly label: string };
  /** Distinguishes folders, whatever their paths; absent: it is to be made. */
  readonly inode?: string;
  /** Distinguishes file systems, also from a fresh one on the same disk. */
  readonly fileSystem: string;
  /** Whether a file system begins there. */
  readonly isMountPoint: boolean;
}

/** Looks at a folder, and makes nothing. Throws ConfigError, with what is wrong and what to do. */
export function lookAt({ folder, make, init, names }: VolumeTrial): FoundFolder {
  const existing = existingFolder(folder, make);
  try {
    const isThere = existing === folder;
    const real = realPath(existing);
    const root = join(real, relative(existing, folder));
    refusePlace(root);
    const volume = isThere ? identityOf(real) : undefined;
    if (volume === undefined && !init) findLayout(folder);
    if (volume !== undefined) refuseOtherNames(folder, volume, names);
    return {
      given: folder,
      root,
      ...(volume !== undefined && { volume: { id: volume.id, label: volume.label } }),
      ...(isThere && { inode: inodeOf(real) }),
      ...fileSystemOf(real, isThere),
    };
  } catch (error) {
    throw cannotBeUsed(folder, error);
  }
}

/** Throws ConfigError if the path is not UTF-8: Node would use another path. */
function realPath(path: string): string {
  const bytes = realpathSync.native(path, { encoding: "buffer" });
  if (isUtf8(bytes)) return bytes.toString();
  throw new ConfigError([`${path} leads to ${bytes}: a path that is not UTF-8 cannot be used: rename it`]);
}

function inodeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/**
 * Names a file system by its device and by when its top was made: one device number is used for
 * many file systems, one after the other.
 */
function fileSystemOf(real: string, isThere: boolean): Pick<FoundFolder, "fileSystem" | "isMountPoint"> {
  const { dev } = statSync(real, { bigint: true });
  let top = real;
  while (top !== dirname(top) && statSync(dirname(top), { bigint: true }).dev === dev) top = dirname(top);
  const { birthtimeMs } = statSync(top, { bigint: true });
  return { fileSystem: `${dev}:${birthtimeMs}`, isMountPoint: isThere && top === real };
}
