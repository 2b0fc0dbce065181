import { lstat, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../disk/disk-errors.ts";

/**
 * Says which files lie on a volume, without opening it. Files behind links, in whatever folder, do
 * not lie there.
 */
export class FilesThere {
  readonly #root: string;
  /** The folder that was looked at last: the lines of a manifest come folder by folder. */
  #folder = "";
  #isOurs: Promise<boolean> = Promise.resolve(false);

  constructor(root: string) {
    this.#root = root;
  }

  /** Whether a file of this size lies at this path below `<volume>/<source>/`. Reads no bytes. */
  async has(source: string, path: string, size: number): Promise<boolean> {
    const file = join(this.#root, source, path);
    const folder = dirname(file);
    if (folder !== this.#folder) {
      this.#folder = folder;
      this.#isOurs = this.#leadsNowhereElse(folder);
    }
    if (!(await this.#isOurs)) return false;
    const entry = await orAbsent(lstat(file));
    return entry?.isFile() === true && entry.size === size;
  }

  async #leadsNowhereElse(folder: string): Promise<boolean> {
    const below = folder.slice(join(this.#root).length);
    const real = await orAbsent(realpath(folder));
    return real !== undefined && real === join(await realpath(this.#root), below);
  }
}

/** What says that no file lies at a path. */
const absent = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/** `undefined` where nothing lies there. */
async function orAbsent<T>(looked: Promise<T>): Promise<T | undefined> {
  try {
    return await looked;
  } catch (error) {
    if (absent.has(errorCode(error))) return undefined;
    throw error;
  }
}
