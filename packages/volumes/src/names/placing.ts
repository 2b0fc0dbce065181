import { lstatSync, renameSync } from "node:fs";
import { basename, dirname } from "node:path";
import { NameError, type ObjectKey } from "@brigade/core";
import { errorCode, placeError } from "../disk/disk-errors.ts";
import type { Traits } from "../identity/traits.ts";
import type { NewFile } from "../new-files/new-file.ts";
import { type EnteredFolder, enter, enterIfReal, withShownPath } from "../own-files/entered-folder.ts";
import type { Directories } from "./directories.ts";
import { type Mark, mapPart } from "./names.ts";

/** Where an object is meant to lie: its folder exists, its name may be taken by a folder. */
export interface Place {
  readonly source: string;
  readonly key: ObjectKey;
  /** Absolute. */
  readonly folder: string;
}

/** What is asked of the disk when a file cannot get its name. */
export interface DiskQuestions {
  /** Returns whether the disk takes another file. */
  readonly hasRoom: () => boolean;
  /** Throws HostError if the disk was mounted again since the volume was opened. */
  readonly assertMounted: () => void;
}

/** Gives files their final names, and finds them again. */
export class Placing {
  readonly #root: string;
  readonly #traits: Traits;
  readonly #directories: Directories;
  readonly #disk: DiskQuestions;
  /** By path. */
  readonly #entered = new Map<string, EnteredFolder>();

  constructor(root: string, traits: Traits, directories: Directories, disk: DiskQuestions) {
    this.#root = root;
    this.#traits = traits;
    this.#directories = directories;
    this.#disk = disk;
  }

  /** Makes the object's folder. Throws NameError when this volume cannot hold the name. */
  prepare(source: string, key: ObjectKey): Place {
    const slash = key.lastIndexOf("/");
    const folder = this.#atPlace(key, () =>
      this.#afresh(() => this.#directories.ensure(source, slash < 0 ? "" : key.slice(0, slash))),
    );
    // A name that this disk cannot hold is refused before the bytes are written.
    mapPart(key.slice(slash + 1), this.#traits);
    return { source, key, folder };
  }

  /** Forgets the folders in which files were named: they may change from now on. */
  leave(): void {
    for (const folder of this.#entered.values()) folder[Symbol.dispose]();
    this.#entered.clear();
  }

  /**
   * Returns a function that moves the whole file into place, over an older one. It returns the path
   * below the source's folder, and the folder. After a group of such moves `leave` is to be called.
   */
  nameGiver(file: NewFile, place: Place): () => { path: string; folder: string } {
    const { source, key } = place;
    let at = place;
    const prepare = () => {
      at = this.prepare(source, key);
    };
    return () => this.#atPlace(key, () => this.#afresh(() => this.#move(file, at), prepare));
  }

  /** An error at an object's place is the object's own fault. */
  #atPlace<T>(key: ObjectKey, step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (errorCode(error) === "EXDEV") this.#disk.assertMounted();
      throw placeError(error, key, this.#disk.hasRoom);
    }
  }

  /** Runs the step, and once more if a folder in memory was removed or replaced by others. */
  #afresh<T>(step: () => T, prepare = () => {}): T {
    try {
      return step();
    } catch (error) {
      const code = errorCode(error);
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
      this.#directories.forget();
      this.leave();
      prepare();
      return step();
    }
  }

  /**
   * Renames a file of another program's tree into place. Throws NotImported if something lies
   * there.
   */
  landImported(from: string, place: Place): { path: string; folder: string } {
    const { source, key } = place;
    const folder = this.prepare(source, key);
    for (const mark of marks) {
      const mapped = mapPart(key.slice(key.lastIndexOf("/") + 1), this.#traits, mark);
      const holding = this.#folderOf(folder, mapped);
      const last = mapped.slice(mapped.lastIndexOf("/") + 1);
      using entered = enter(holding);
      const there = lstatSync(entered.at(last), { throwIfNoEntry: false });
      if (there?.isDirectory()) continue;
      if (there !== undefined) throw new NotImported("different");
      withShownPath(() => renameSync(from, entered.at(last)));
      return { path: this.#below(source, `${holding}/${last}`), folder: holding };
    }
    throw new NameError(`${place.folder}/${key}: a folder that is not ours is in the way`);
  }

  /**
   * Returns the file of this key; `undefined` if there is none. Throws NameError if the key can
   * have no place.
   */
  find(source: string, key: ObjectKey): { path: string; absolute: string } | undefined {
    return this.#atPlace(key, () => this.#find(source, key));
  }

  /** Like `find`; also `undefined` where the key can have no place: storing it fails with the reason. */
  findIfPossible(source: string, key: ObjectKey): { path: string; absolute: string } | undefined {
    try {
      return this.find(source, key);
    } catch (error) {
      if (error instanceof NameError) return undefined;
      throw error;
    }
  }

  #find(source: string, key: ObjectKey): { path: string; absolute: string } | undefined {
    const slash = key.lastIndexOf("/");
    const folder = this.#directories.find(source, slash < 0 ? "" : key.slice(0, slash));
    if (folder === undefined) return undefined;
    for (const mark of marks) {
      const absolute = `${folder}/${mapPart(key.slice(slash + 1), this.#traits, mark)}`;
      using holding = enterIfReal(dirname(absolute));
      const entry = holding && lstatSync(holding.at(basename(absolute)), { throwIfNoEntry: false });
      if (entry?.isFile()) return { path: this.#below(source, absolute), absolute };
      if (!entry?.isDirectory()) return undefined;
    }
    return undefined;
  }

  #move(file: NewFile, place: Place): { path: string; folder: string } {
    const name = place.key.slice(place.key.lastIndexOf("/") + 1);
    for (const mark of marks) {
      const mapped = mapPart(name, this.#traits, mark);
      const folder = this.#folderOf(place, mapped);
      const last = mapped.slice(mapped.lastIndexOf("/") + 1);
      try {
        const entered = this.#enter(folder);
        withShownPath(() => file.moveTo(entered.at(last)));
        return { path: this.#below(place.source, `${folder}/${last}`), folder };
      } catch (error) {
        if (errorCode(error) !== "EISDIR") throw error;
      }
    }
    throw new NameError(`${place.folder}/${name}: a folder that is not ours is in the way`);
  }

  /**
   * Throws ENOTDIR where a link is on the way by now, and ENOENT where the folder is gone: they are
   * looked for afresh.
   */
  #enter(path: string): EnteredFolder {
    const known = this.#entered.get(path);
    if (known !== undefined) return known;
    if (this.#entered.size >= mostEntered) this.leave();
    const folder = enter(path);
    this.#entered.set(path, folder);
    return folder;
  }

  /** Returns the folder that holds the file itself: a part too long for one name lies deeper. */
  #folderOf(place: Place, mapped: string): string {
    const slash = mapped.lastIndexOf("/");
    return slash < 0 ? place.folder : this.#directories.ensureBelow(place.folder, mapped.slice(0, slash));
  }

  #below(source: string, absolute: string): string {
    return absolute.slice(this.#root.length + source.length + 2);
  }
}

/**
 * A file of another program's tree stays where it is: `different`, another file has its place or
 * its name; `undefined`, it is gone.
 */
export class NotImported extends Error {
  override readonly name = "NotImported";
  readonly why: "different" | undefined;

  constructor(why: "different" | undefined) {
    super("the file was not imported");
    this.why = why;
  }
}

/** Folders that are held at once: each takes one of the process's open files. */
const mostEntered = 16;

const marks: readonly Mark[] = ["", "%~f"];
