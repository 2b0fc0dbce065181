import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { ConfigError } from "@brigade/core";
import { isInside } from "../identity/place.ts";
import type { TreeObject } from "../local-volume.ts";
import { keyAt } from "../names/object-path.ts";

/** Folders in memory, at most; then all are dropped. */
const most = 10_000;

/** Trees of other programs on a volume's disk: which folders files may be imported from. */
export class Trees {
  readonly #root: string;
  readonly #device: number;
  readonly #known = new Set<string>();

  constructor(root: string) {
    this.#root = root;
    this.#device = statSync(root).dev;
  }

  /**
   * Throws ConfigError when the folder is on another file system, or is a volume's own or another
   * source's.
   */
  check(folder: string, source: string): void {
    const known = `${source} ${folder}`;
    if (this.#known.has(known)) return;
    this.#refuseForeign(folder, source);
    if (this.#known.size >= most) this.#known.clear();
    this.#known.add(known);
  }

  /**
   * Whether the file is the tree's own, and free: not behind a link below the tree's folder (it
   * would be taken out of something else), and not in another object's place. `from`: exists.
   */
  holds({ source, key, from }: TreeObject): boolean {
    const folder = realpathSync.native(dirname(from));
    if (from.endsWith(`/${key}`)) {
      const tree = realpathSync.native(from.slice(0, -key.length - 1));
      if (folder !== dirname(join(tree, key))) return false;
    }
    const own = join(this.#root, source);
    const path = join(folder, basename(from));
    return !isInside(path, own) || keyAt(path.slice(own.length + 1)) === key;
  }

  #refuseForeign(folder: string, source: string): void {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return; // then there is nothing to take
    if (found.dev !== this.#device) throw otherFileSystem(folder, this.#root);
    const real = realpathSync(folder);
    const [top] = relative(this.#root, real).split(sep);
    if (isInside(real, join(this.#root, ".brigade")))
      throw new ConfigError([`${folder} is the volume's own`]);
    const isSource = lstatSync(join(this.#root, ".brigade", "sources", `${top}.json`), {
      throwIfNoEntry: false,
    });
    if (isInside(real, this.#root) && top !== source && isSource !== undefined) {
      throw new ConfigError([`${folder} belongs to the source "${top}" of the volume`]);
    }
    for (let above = real; above !== this.#root && above !== dirname(above); above = dirname(above)) {
      if (lstatSync(join(above, ".brigade", "volume.json"), { throwIfNoEntry: false }) !== undefined) {
        throw new ConfigError([`${folder} belongs to another volume, ${above}`]);
      }
    }
  }
}

export function otherFileSystem(folder: string, root: string): ConfigError {
  return new ConfigError([
    `${folder} is on another disk than ${root}, and files are not copied: make a folder of that disk a volume, and take them there`,
  ]);
}
