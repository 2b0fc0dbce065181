import { linkSync, lstatSync, mkdirSync, renameSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../disk-errors.ts";
import { syncFolder } from "../durable-file.ts";
import type { Layout } from "../identity.ts";
import { Folders } from "../verify/check-file.ts";

/** Moves damaged files out of the way; never over anything. */
export class MovingAside {
  readonly #layout: Layout;
  readonly #changed = new Set<string>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /**
   * Moves what lies at this path, but a folder, to `.brigade/damaged/`. `meant`: the inode of the file that is meant
   * (`any`: whatever it is; nothing: there was no file); another one that has its place by now stays there: then false.
   */
  move(source: string, path: string, meant: bigint | "any" | undefined): boolean {
    const { root } = this.#layout;
    const place = `${root}/${source}/${path}`;
    // A folder on the way that is a link leads to files that are not ours.
    if (!new Folders(root).isReal(dirname(`${source}/${path}`))) return true;
    const entry = lstatSync(place, { bigint: true, throwIfNoEntry: false });
    if (entry === undefined || entry.isDirectory()) return true;
    if (entry.isFile() && meant !== "any" && entry.ino !== meant) return false;
    const aside = this.#freePath(source, path);
    renameSync(place, aside);
    this.#changed.add(dirname(place)).add(dirname(aside));
    if (lstatSync(aside, { bigint: true }).ino === entry.ino) return true;
    putBack(aside, place);
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

  /** Where nothing lies: `damaged/photos/…`, or `damaged/photos.1/…` and so on; no source is named so. */
  #freePath(source: string, path: string): string {
    for (let attempt = 0; ; attempt += 1) {
      const top = attempt === 0 ? source : `${source}.${attempt}`;
      const aside = `${this.#layout.damaged}/${top}/${path}`;
      if (makeFolder(dirname(aside)) && lstatSync(aside, { throwIfNoEntry: false }) === undefined)
        return aside;
    }
  }
}

/** False when a file is in the way. */
function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST" || errorCode(error) === "ENOTDIR") return false;
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
