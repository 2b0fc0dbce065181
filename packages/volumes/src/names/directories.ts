import { lstatSync, mkdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { NameError } from "@brigade/core";
import { errorCode, volumeError } from "../disk/disk-errors.ts";
import type { Traits } from "../identity/traits.ts";
import { enter, withShownPath } from "../own-files/entered-folder.ts";
import { type Mark, mapPart } from "./names.ts";

export interface DirectoriesOptions {
  readonly root: string;
  readonly traits: Traits;
  /** Throws when the disk is no longer mounted. Called before anything is made. */
  readonly guard: () => void;
  /**
   * A folder was made, or seen for the first time (its maker may have died before syncing): its
   * parent.
   */
  readonly onSeen?: (parent: string) => void;
  /** How many folders are in memory, about. */
  readonly capacity?: number;
}

/**
 * Where the folders of keys lie: found, made, and kept in memory up to a bound. Links are never
 * followed.
 */
export class Directories {
  readonly #options: DirectoriesOptions;
  readonly #half: number;
  // Two generations: what was not used for a generation is dropped.
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  constructor(options: DirectoriesOptions) {
    this.#options = options;
    this.#half = Math.ceil((options.capacity ?? 10_000) / 2);
  }

  /**
   * Returns the absolute path of a key's folder (`""`: the source's own), and makes it if it is
   * missing. Throws NameError.
   */
  ensure(source: string, directory: string): string {
    const path = this.#resolve(source, directory, true);
    if (path === undefined) throw new Error("a folder was made, and is not there");
    return path;
  }

  /** Like `ensure`, but makes no folder. Returns `undefined` if it does not exist. */
  find(source: string, directory: string): string | undefined {
    return this.#resolve(source, directory, false);
  }

  /**
   * Makes folders below a resolved one, for the pieces of a long name. They are not kept in memory.
   * Throws NameError.
   */
  ensureBelow(folder: string, pieces: string): string {
    const path = this.#descend(folder, pieces, true);
    if (path === occupied)
      throw new NameError(`${folder}/${pieces}: something that is not ours is in the way`);
    if (path === undefined) throw new Error("a folder was made, and is not there");
    return path;
  }

  /** Forgets everything. To be called when folders were changed by others. */
  forget(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #resolve(source: string, directory: string, make: boolean): string | undefined {
    const id = `${source}/${directory}`;
    const known = this.#young.get(id) ?? this.#old.get(id);
    if (known !== undefined) {
      this.#remember(id, known);
      return known;
    }
    if (directory === "") {
      const folder = this.#enterSource(source, make, id);
      if (folder === occupied)
        throw new NameError(`${this.#options.root}/${source} is not a folder of its own`);
      return folder;
    }
    const slash = directory.lastIndexOf("/");
    const parent = this.#resolve(source, slash < 0 ? "" : directory.slice(0, slash), make);
    if (parent === undefined) return undefined;
    return this.#enterPart(parent, directory.slice(slash + 1), make, id);
  }

  /** An error here is not the fault of one object. */
  #enterSource(source: string, make: boolean, id: string): string | undefined {
    const { root } = this.#options;
    try {
      return this.#enter(root, source, make, id);
    } catch (error) {
      throw volumeError(error, `${root}/${source}`);
    }
  }

  #enterPart(parent: string, part: string, make: boolean, id: string): string | undefined {
    const marks: Mark[] = ["", "%~d"];
    for (const mark of marks) {
      const found = this.#enter(parent, mapPart(part, this.#options.traits, mark), make, id);
      if (found !== occupied) return found;
    }
    throw new NameError(`${parent}/${part}: something that is not ours is in the way`);
  }

  #enter(parent: string, name: string, make: boolean, id: string): string | undefined {
    const path = this.#descend(parent, name, make);
    if (path !== undefined && path !== occupied) this.#remember(id, path);
    return path;
  }

  /** `name` has slashes where a part was too long for one name. */
  #descend(parent: string, name: string, make: boolean): string | undefined {
    let path = parent;
    for (const piece of name.split("/")) {
      const above = path;
      path = `${path}/${piece}`;
      const kind = kindOf(path);
      if (kind === "other") return occupied;
      if (kind === "absent") {
        if (!make) return undefined;
        if (!this.#make(path)) return occupied;
      }
      this.#options.onSeen?.(above);
    }
    return path;
  }

  /** Returns `false` if others put something there that is not a folder. */
  #make(path: string): boolean {
    this.#options.guard();
    try {
      using above = enter(dirname(path));
      withShownPath(() => mkdirSync(above.at(basename(path))));
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      return kindOf(path) === "directory";
    }
    return true;
  }

  #remember(id: string, path: string): void {
    if (this.#young.size >= this.#half && !this.#young.has(id)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, path);
  }
}

/** In place of a path: the name is taken by what is not a folder. */
const occupied = "";

function kindOf(path: string): "directory" | "other" | "absent" {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return "absent";
  return entry.isDirectory() ? "directory" : "other";
}
