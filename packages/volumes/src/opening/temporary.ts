import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@brigade/core";
import { instancesIn, readLanding } from "../commit/landing.ts";
import type { ManifestLine } from "../manifest/manifest-line.ts";
import { claimFolder, claimLeft } from "../own-files/claimed-folder.ts";
import type { EnteredFolder } from "../own-files/entered-folder.ts";

/** The folder of an instance's unfinished files. */
export interface Temporary extends Disposable {
  readonly folder: EnteredFolder;
  /** Returns a path in the folder at which nothing lies. */
  next(): string;
  /** The files that dead instances were about to name. */
  readonly landed: readonly ManifestLine[];
}

/**
 * The names of an instance's files: numbers, and what the probe of a new volume, locks and the
 * landing need.
 */
const ours = /^(?!lock$)([0-9a-z]+(\.probe)?|landing\.ndjson|lock-journal|\.lock-[0-9a-f-]{36}(-journal)?)$/;

/**
 * Takes `<tmp>/<instance>` for this process and empties it, and removes those of other instances
 * whose process is gone. Must run under the volume's own lock: a folder without a held lock counts
 * as a dead instance's. `mend` is called with each dead instance while its folder still shows it.
 */
export function claimTemporary(tmp: string, instance: string, mend: (dead: string) => void): Temporary {
  const folder = join(tmp, instance);
  const known = existsSync(folder);
  const claim = claimFolder(folder, ours);
  if (claim === undefined) {
    throw new ConfigError([`${folder} is in use: another process "${instance}" works on this volume`]);
  }
  if (known) mend(instance);
  const landed = readLanding(folder);
  claim.empty();
  for (const other of instancesIn(tmp))
    if (other !== instance) landed.push(...cleanDead(join(tmp, other), () => mend(other)));
  let last = 0;
  return {
    folder: claim.folder,
    landed,
    next: () => {
      last += 1;
      return claim.folder.at(last.toString(36));
    },
    [Symbol.dispose]: () => claim.remove(),
  };
}

/** Removes a dead instance's folder. Returns what the instance had noted. */
function cleanDead(folder: string, mend: () => void): ManifestLine[] {
  const claim = claimLeft(folder, ours);
  if (claim === undefined) return [];
  using _ = claim;
  mend();
  const landed = readLanding(folder);
  claim.remove();
  return landed;
}
