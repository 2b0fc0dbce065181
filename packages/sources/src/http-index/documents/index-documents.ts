import { type Cursor, SourceError } from "@brigade/core";
import { KeptDocuments, type Place, placeText, readPlace } from "../../pages/kept-documents.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { Loops } from "../doubts/loops.ts";
import type { Listed } from "../site/listed.ts";
import type { Site } from "../site/site.ts";
import type { Entries } from "./entries.ts";
import { fetchIndex } from "./index-page.ts";

export interface Slice {
  readonly entries: readonly Listed[];
  readonly next: Cursor | undefined;
}

/**
 * Index pages, cut into pages of our own: servers send a directory as one document of any length. A
 * cursor is a place in it.
 */
export class IndexDocuments implements Disposable {
  readonly #site: Site;
  readonly #folder: StateFolder;
  readonly #kept: KeptDocuments<Listed, Entries>;
  readonly #loops: Loops;

  constructor(site: Site, pageSize: number, folder: StateFolder) {
    this.#site = site;
    this.#folder = folder;
    this.#kept = new KeptDocuments(() => pageSize);
    this.#loops = new Loops(async (directory, signal) => {
      using document = await this.#fetch(directory, signal);
      return document.digest;
    });
  }

  /** Throws SourceError. */
  async slice(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Slice> {
    const place = placeOf(cursor);
    const { entries, next } = await this.#kept.slice(`${directory}/`, place, async () => {
      using unused = new DisposableStack();
      const document = unused.use(await this.#fetch(directory, signal));
      if (place === undefined) await this.#loops.check(directory, document, signal);
      unused.move();
      return document;
    });
    return { entries, next: next && placeText(next) };
  }

  [Symbol.dispose](): void {
    this.#kept[Symbol.dispose]();
  }

  async #fetch(directory: string, signal: AbortSignal): Promise<Entries> {
    return await fetchIndex(this.#site, directory, this.#folder, signal);
  }
}

function placeOf(cursor: Cursor | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const place = readPlace(cursor);
  if (place === undefined) throw new SourceError("bad-cursor", `"${cursor}" is no cursor of an index page`);
  return place;
}
