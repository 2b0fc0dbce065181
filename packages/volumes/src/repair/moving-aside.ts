import { linkSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { errorCode } from "../disk/disk-errors.ts";
import type { Layout } from "../identity/identity.ts";
import { syncFolder } from "../own-files/durable-file.ts";
import { type EnteredFolder, enterIfReal, withShownPath } from "../own-files/entered-folder.ts";
import { makeFolder } from "../own-files/make-folder.ts";
import { enterFolder, FileInTheWay } from "../own-files/own-path.ts";

/** Moves damaged files out of the way; never over anything. */
export class MovingAside {
  readonly #layout: Layout;
  readonly #changed = new Set<string>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /**
   * Moves what lies at this path, but a folder, to `.brigade/damaged/`. `meant`: the inode of the
   * file that is meant (`any` for whatever it is; `undefined` if there was no file); another one that has
   * its place by now stays there: then false.
   */
  move(source: string, path: string, meant: bigint | "any" | undefined): boolean {
    const place = `${this.#layout.root}/${source}/${path}`;
    const folder = enterIfReal(dirname(place));
    // A folder on the way that is a link leads to files that are not ours.
    if (folder === undefined) return true;
    using _ = folder;
    const from = folder.at(basename(place));
    const entry = lstatSync(from, { bigint: true, throwIfNoEntry: false });
    if (entry === undefined || entry.isDirectory()) return true;
    if (entry.isFile() && meant !== "any" && entry.ino !== meant) return false;
    using free = this.#freePlace(source, path);
    withShownPath(() => renameSync(from, free.at(basename(path))));
    this.#changed.add(folder.path).add(free.path);
    if (lstatSync(free.at(basename(path)), { bigint: true }).ino === entry.ino) return true;
    putBack(free.at(basename(path)), from);
    return false;
  }

  /** Makes safe that files were moved. */
  sync(): void {
    const { damaged } = this.#layout;
    for (const folder of this.#changed) {
      syncFolder(folder);
      // The folders that were made for it, too.
      for (let above = folder; above.startsWith(`${damaged}/`); ) {
        above = dirname(above);
        syncFolder(above);
      }
    }
    if (this.#changed.size > 0) syncFolder(dirname(damaged));
    this.#changed.clear();
  }

  /**
   * A folder where nothing lies in its place: `damaged/photos/…`, or `damaged/photos.1/…` and so
   * on; no source is named so.
   */
  #freePlace(source: string, path: string): EnteredFolder {
    makeFolder(this.#layout.damaged);
    for (let attempt = 0; ; attempt += 1) {
      const top = attempt === 0 ? source : `${source}.${attempt}`;
      const folder = tryMake(dirname(`${this.#layout.damaged}/${top}/${path}`));
      if (folder === undefined) continue;
      if (lstatSync(folder.at(basename(path)), { throwIfNoEntry: false }) === undefined) return folder;
      folder[Symbol.dispose]();
    }
  }
}

/** Returns `undefined` if a file is in the way. Throws ConfigError if a link is. */
function tryMake(path: string): EnteredFolder | undefined {
  try {
    makeFolder(path);
    return enterFolder(path);
  } catch (error) {
    if (error instanceof FileInTheWay) return undefined;
    throw error;
  }
}

/** Unless a still newer file has the place. */
function putBack(aside: string, place: string): void {
  try {
    linkSync(aside, place);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return;
    // No hard links here (exFAT).
    renameSync(aside, place);
    return;
  }
  unlinkSync(aside);
}
