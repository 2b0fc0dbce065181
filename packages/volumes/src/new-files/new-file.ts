import { renameSync } from "node:fs";
import type { Nameless } from "../disk/nameless.ts";
import { createFile } from "../own-files/files.ts";
import { removeFile } from "../own-files/removal.ts";

/** A file that is open for writing, and has no place yet. */
export interface NewFile {
  readonly descriptor: number;
  /** It must stay open until it has its place: only its descriptor leads to it. */
  readonly isNameless: boolean;
  /**
   * Gives it this path, over an older file there. Throws the system's error; then another path may
   * be tried.
   */
  moveTo(path: string): void;
  /** Nothing remains of it, unless it has its place. A file with a name must be closed before. */
  remove(): void;
}

/** A file under a temporary name. */
export class NamedFile implements NewFile {
  readonly isNameless = false;
  readonly descriptor: number;
  readonly #path: string;

  /** `descriptor`: where it is open already. */
  constructor(path: string, descriptor = createFile(path)) {
    this.#path = path;
    this.descriptor = descriptor;
  }

  moveTo(path: string): void {
    renameSync(this.#path, path);
  }

  remove(): void {
    removeFile(this.#path);
  }
}

/** What a file without a name needs of those that make it. */
export interface Naming {
  readonly nameless: Nameless;
  /** Returns a temporary path at which nothing lies. */
  readonly scratch: () => string;
  /** Called when it is closed. */
  readonly onClosed: () => void;
}

/** A file that only its descriptor leads to: should the process die, the system removes it. */
export class NamelessFile implements NewFile {
  readonly isNameless = true;
  readonly descriptor: number;
  readonly #naming: Naming;
  /** The name that it has got because something lies at its place. */
  #temporary: string | undefined;
  #isOpen = true;

  constructor(descriptor: number, naming: Naming) {
    this.descriptor = descriptor;
    this.#naming = naming;
  }

  moveTo(path: string): void {
    if (this.#temporary === undefined && this.#linkTo(path)) this.#close();
    else {
      this.#temporary ??= this.#linkedAside();
      renameSync(this.#temporary, path);
      this.#temporary = undefined;
      this.#close();
    }
  }

  remove(): void {
    this.#close();
    if (this.#temporary !== undefined) removeFile(this.#temporary);
  }

  /** Returns `false` where something lies there. */
  #linkTo(path: string): boolean {
    try {
      this.#naming.nameless.link(this.descriptor, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }

  #linkedAside(): string {
    const aside = this.#naming.scratch();
    this.#naming.nameless.link(this.descriptor, aside);
    return aside;
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#naming.onClosed();
    this.#naming.nameless.close(this.descriptor);
  }
}
