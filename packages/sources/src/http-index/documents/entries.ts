import { createHash } from "node:crypto";
import { Spool } from "../../pages/spool.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import type { Listed } from "../site/listed.ts";

/** Characters that are hashed at once. */
const hashedAtOnce = 64 * 1024;

/** The entries of one index page. Pages with equal entries have equal digests. */
export class Entries implements Disposable {
  readonly #all: Spool<Listed>;
  readonly #hash = createHash("sha256");
  #unhashed = "";
  #digest: string | undefined;
  hasDirectories = false;

  constructor(folder: StateFolder) {
    this.#all = new Spool(folder);
  }

  get length(): number {
    return this.#all.length;
  }

  /** Number of entries in memory. */
  get held(): number {
    return this.#all.held;
  }

  /**
   * Digest of the entries alone: the page around them may contain the time. Nothing may be added
   * afterwards.
   */
  get digest(): string {
    this.#digest ??= this.#hash.update(this.#unhashed).digest("hex").slice(0, 16);
    return this.#digest;
  }

  /** Throws SourceError if there are too many. */
  add(entry: Listed): void {
    const { name, isDirectory, size, modified } = entry;
    this.#all.push(entry);
    this.hasDirectories ||= isDirectory;
    this.#unhashed += JSON.stringify([name, isDirectory, size, modified]);
    if (this.#unhashed.length < hashedAtOnce) return;
    this.#hash.update(this.#unhashed);
    this.#unhashed = "";
  }

  slice(from: number, to: number): Listed[] {
    return this.#all.slice(from, to);
  }

  [Symbol.dispose](): void {
    this.#all[Symbol.dispose]();
  }
}
