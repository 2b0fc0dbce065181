import { type Cursor, SourceError } from "@brigade/core";
import type { StateFolder } from "../pages/state-folder.ts";
import type { Entries } from "./entries.ts";
import { fetchIndex } from "./index-page.ts";
import type { Listed } from "./listed.ts";
import { Loops } from "./loops.ts";
import type { Site } from "./site.ts";

/** Entries in memory of the documents of which pages are still to be given, but for the latest. */
const mostHeld = 200_000;
/** Such documents: each may have a file. */
const mostKept = 64;

export interface Slice {
  readonly entries: readonly Listed[];
  readonly next: Cursor | undefined;
}

/**
 * Index pages, cut into pages of our own: servers give a directory as one document, however long. A cursor is an entry's number
 * and the document's digest; where the directory has changed since, and the document is not kept, it is no good any more.
 */
export class IndexDocuments implements Disposable {
  readonly #site: Site;
  readonly #pageSize: number;
  readonly #folder: StateFolder;
  /** By directory, the latest asked for last. */
  readonly #kept = new Map<string, Entries>();
  readonly #loops: Loops;

  constructor(site: Site, pageSize: number, folder: StateFolder) {
    this.#site = site;
    this.#pageSize = pageSize;
    this.#folder = folder;
    this.#loops = new Loops(async (directory, signal) => {
      using document = await this.#fetch(directory, signal);
      return document.digest;
    });
  }

  /** Throws SourceError. */
  async slice(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Slice> {
    const [from, digest] = readCursor(cursor);
    const kept = this.#kept.get(directory);
    if (kept !== undefined && kept.digest === digest) return this.#cut(directory, kept, from);
    const document = await this.#fetch(directory, signal);
    using unused = new DisposableStack();
    unused.use(document);
    if (digest !== undefined && document.digest !== digest)
      throw new SourceError("bad-cursor", `list "${directory}/": the directory has changed meanwhile`);
    if (from === 0) await this.#loops.check(directory, document, signal);
    this.#keep(directory, document);
    unused.move();
    return this.#cut(directory, document, from);
  }

  [Symbol.dispose](): void {
    for (const directory of [...this.#kept.keys()]) this.#drop(directory);
  }

  #cut(directory: string, document: Entries, from: number): Slice {
    const to = from + this.#pageSize;
    const entries = document.slice(from, to);
    const isLast = to >= document.length;
    if (isLast) this.#drop(directory);
    return { entries, next: isLast ? undefined : `${to}-${document.digest}` };
  }

  #keep(directory: string, document: Entries): void {
    this.#drop(directory);
    this.#kept.set(directory, document);
    let [documents, entries] = [0, 0];
    for (const [path, { held }] of [...this.#kept].reverse()) {
      documents++;
      entries += held;
      if ((entries > mostHeld || documents > mostKept) && path !== directory) this.#drop(path);
    }
  }

  #drop(directory: string): void {
    this.#kept.get(directory)?.[Symbol.dispose]();
    this.#kept.delete(directory);
  }

  async #fetch(directory: string, signal: AbortSignal): Promise<Entries> {
    return await fetchIndex(this.#site, directory, this.#folder, signal);
  }
}

function readCursor(cursor: Cursor | undefined): [number, string | undefined] {
  if (cursor === undefined) return [0, undefined];
  const [, from, digest] = /^(\d{1,9})-([0-9a-f]{16})$/.exec(cursor) ?? [];
  if (digest === undefined) throw new SourceError("bad-cursor", `"${cursor}" is no cursor of an index page`);
  return [Number(from), digest];
}
