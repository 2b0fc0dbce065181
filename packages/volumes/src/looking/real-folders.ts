import { lstatSync } from "node:fs";

/** Paths in memory, at most; then all are dropped. */
const most = 10_000;

/**
 * Finds out which paths are folders, from the volume's root down, without a link on the way. Keeps
 * them.
 */
export class RealFolders {
  readonly #root: string;
  readonly #known = new Set<string>(["."]);

  constructor(root: string) {
    this.#root = root;
  }

  /** `folder`: below the root. Throws the system's error, except where nothing is there. */
  isReal(folder: string): boolean {
    if (this.#known.has(folder)) return true;
    const slash = folder.lastIndexOf("/");
    if (slash > 0 && !this.isReal(folder.slice(0, slash))) return false;
    if (!lstatSync(`${this.#root}/${folder}`, { throwIfNoEntry: false })?.isDirectory()) return false;
    if (this.#known.size >= most) this.forget();
    this.#known.add(folder);
    return true;
  }

  forget(): void {
    this.#known.clear();
    this.#known.add(".");
  }
}
