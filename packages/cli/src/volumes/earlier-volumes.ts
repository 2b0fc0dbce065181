import { ConfigError, type Log } from "@brigade/core";
import type { FoundFolder } from "@brigade/volumes";
import type { VolumeMemory } from "./volume-memory.ts";

/**
 * What to do about a folder that is no volume any more, for programs that have no option for it.
 */
export const initRemedy = "`brigade volume init --new-volume` makes a new one there";

/** What earlier runs know of folders that are named now. */
export interface EarlierVolumes {
  /** Ids of volumes by their roots, as the accounts have them. Objects lie there. */
  readonly inAccounts: Readonly<Record<string, string>>;
  readonly memory: VolumeMemory;
}

/** A folder that was another volume before. */
interface Replaced {
  readonly folder: FoundFolder;
  /** What is there now, and what was there before, for people. */
  readonly words: string;
  /**
   * It is an empty plain folder on the same file system, and no accounts name it: it was emptied.
   */
  readonly isHarmless: boolean;
}

/**
 * A folder that was a volume in an earlier run and is none now is an unmounted disk. The disk below
 * it must not be filled. Throws ConfigError, with the remedy, unless a new volume may begin there.
 */
export function judgeFolders(
  found: readonly FoundFolder[],
  earlier: EarlierVolumes,
  { newVolume, remedy }: { readonly newVolume: boolean; readonly remedy: string },
  log: Log,
): void {
  const replaced = replacedVolumes(found, earlier);
  if (!newVolume) refuseReplaced(replaced, remedy);
  for (const { words } of replaced)
    log.warn({ reason: words }, "a new volume begins in the place of another one");
}

/**
 * Returns the folders in whose place an earlier run had another volume: its disk is not mounted, or
 * another disk has its place. A volume that is named under another root now has only moved.
 */
function replacedVolumes(found: readonly FoundFolder[], { inAccounts, memory }: EarlierVolumes): Replaced[] {
  const ids = new Set(found.flatMap(({ volume }) => volume?.id ?? []));
  return found.flatMap((folder) => {
    const known = inAccounts[folder.root];
    const remembered = memory.recall(folder);
    if (known !== undefined) return ids.has(known) ? [] : [replaced(folder, known, false)];
    if (remembered === undefined || folder.volume !== undefined || ids.has(remembered.id)) return [];
    const isHarmless = remembered.fileSystem === folder.fileSystem && !folder.isMountPoint;
    return [replaced(folder, remembered.id, isHarmless)];
  });
}

function replaced(folder: FoundFolder, id: string, isHarmless: boolean): Replaced {
  const now =
    folder.volume === undefined
      ? "is none now"
      : `is another now ("${folder.volume.label}", ${folder.volume.id})`;
  return { folder, words: `${folder.root} was the volume ${id} and ${now}`, isHarmless };
}

/** Throws ConfigError with all folders that are not harmless, and what to do. */
function refuseReplaced(replaced: readonly Replaced[], remedy: string): void {
  const problems = replaced
    .filter(({ isHarmless }) => !isHarmless)
    .map(({ words }) => `${words}: is its disk mounted? ${remedy}`);
  if (problems.length > 0) throw new ConfigError(problems);
}
