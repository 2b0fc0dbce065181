import type { Nameless } from "../disk/nameless.ts";
import { removeFile } from "../own-files/removal.ts";
import { NamedFile, NamelessFile, type Naming, type NewFile } from "./new-file.ts";

/**
 * Files without names that are open at once at most, where the process may have as many: each is
 * open until it has its place.
 */
const usualMost = 2048;

export interface NewFilesNeeds {
  /** The folder of unfinished files, at hand. */
  readonly folder: string;
  /** Returns a temporary path in it at which nothing lies. */
  readonly scratch: () => string;
  /** `undefined` where files are to have temporary names. */
  readonly nameless: Nameless | undefined;
  /** Files without names at once, at most. */
  readonly most?: number | undefined;
}

/**
 * Makes the files of new objects. Where the file system can (most of Linux's), they have no name
 * until they get their place: that costs a third less than a temporary name and a renaming, and
 * nothing is left over when the process dies.
 */
export class NewFiles {
  readonly #needs: NewFilesNeeds;
  readonly #naming: Naming | undefined;
  #most: number;
  #nameless = 0;

  constructor(needs: NewFilesNeeds) {
    this.#needs = needs;
    this.#most = needs.most ?? usualMost;
    const { scratch, nameless } = needs;
    const onClosed = () => {
      this.#nameless--;
    };
    this.#naming =
      nameless !== undefined && this.#canName(nameless) ? { nameless, scratch, onClosed } : undefined;
  }

  /** Throws the system's error. */
  create(): NewFile {
    if (this.#naming === undefined || this.#nameless >= this.#most) return this.createNamed();
    const file = new NamelessFile(this.#naming.nameless.open(this.#needs.folder), this.#naming);
    this.#nameless++;
    return file;
  }

  createNamed(): NewFile {
    return new NamedFile(this.#needs.scratch());
  }

  /** The process lacks descriptors: from here on half as many as now have no name. */
  lower(): void {
    this.#most = Math.floor(this.#nameless / 2);
  }

  /** Tried once: a file system, a system call filter or a missing /proc may be in the way. */
  #canName({ open, link, close }: Nameless): boolean {
    try {
      const descriptor = open(this.#needs.folder);
      try {
        const path = this.#needs.scratch();
        link(descriptor, path);
        removeFile(path);
        return true;
      } finally {
        close(descriptor);
      }
    } catch {
      return false; // storing on the disk shows what is wrong with it
    }
  }
}
