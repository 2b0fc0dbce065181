import { lstatSync, type Stats, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { type LocalRoom, type ObjectEntry, type ObjectKey, roomIn } from "@brigade/core";
import { isPlaceFault } from "../disk/disk-errors.ts";
import { sampleOf } from "../manifest/sample.ts";
import type { Placing } from "../names/placing.ts";
import { RealFolders } from "./real-folders.ts";

export interface LookingNeeds {
  readonly root: string;
  readonly placing: Placing;
  /** Throws HostError when the disk is no longer mounted. */
  readonly guard: () => void;
}

/** Answers what lies on an open volume. Changes nothing, and reads no file's bytes. Blocks. */
export class Looking {
  readonly #needs: LookingNeeds;

  constructor(needs: LookingNeeds) {
    this.#needs = needs;
  }

  /** As `Volume` has it. */
  holds(source: string, keys: readonly ObjectKey[]): boolean[] {
    const { root, placing } = this.#needs;
    const folders = new RealFolders(root);
    const aside = `.brigade/damaged/${source}`;
    const hasAside = isReal(folders, aside);
    return keys.map(
      (key) =>
        placing.findIfPossible(source, key) !== undefined ||
        (hasAside && staysBelow(key) && this.#fileAt(folders, `${aside}/${key}`) !== undefined),
    );
  }

  /** As `Volume` has it. */
  present(source: string, files: readonly { path: string; size: number }[]): boolean[] {
    const { root, guard } = this.#needs;
    guard();
    const folders = new RealFolders(root);
    return files.map(
      ({ path, size }) => staysBelow(path) && this.#fileAt(folders, `${source}/${path}`)?.size === size,
    );
  }

  /** As `Volume` has it. */
  sample(source: string, most: number): ObjectEntry[] {
    return sampleOf(this.#needs.root, source, most);
  }

  room(): LocalRoom {
    // The room of what lies below an unmounted disk is none of the volume's.
    this.#needs.guard();
    return roomIn(statfsSync(this.#needs.root));
  }

  /**
   * The file at this path below the root; `undefined` where there is none, or only behind a link.
   */
  #fileAt(folders: RealFolders, path: string): Stats | undefined {
    if (!isReal(folders, dirname(path))) return undefined;
    const stats = statOf(`${this.#needs.root}/${path}`);
    return stats?.isFile() === true ? stats : undefined;
  }
}

function staysBelow(path: string): boolean {
  return !path.split("/").includes("..");
}

function isReal(folders: RealFolders, path: string): boolean {
  try {
    return folders.isReal(path);
  } catch (error) {
    if (isPlaceFault(error)) return false;
    throw error;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A folder on the way is a file by now or may not be read, or this disk cannot have the name.
    if (isPlaceFault(error)) return undefined;
    throw error;
  }
}
