import { type Cursor, SourceError } from "@brigade/core";

/** Entries in memory, over all documents that still have slices to return, except the latest. */
const mostHeld = 200_000;
/** Such documents: each may have a file. */
const mostKept = 64;

/** The contents of one answer. Equal listings have equal digests, of 16 hex digits. */
export interface ListedDocument<T> extends Disposable {
  readonly digest: string;
  readonly length: number;
  /** Entries in memory. */
  readonly held: number;
  slice(from: number, to: number): readonly T[];
}

/** Where a slice begins, and in which document. */
export interface Place {
  readonly from: number;
  readonly digest: string;
}

/**
 * Documents that are longer than a page, cut into pages of our own. If a document has changed since
 * a place was returned, and is not kept, the place is invalid.
 */
export class KeptDocuments<T, D extends ListedDocument<T>> implements Disposable {
  readonly #pageSize: (document: D) => number;
  /** By name, in order of use. */
  readonly #kept = new Map<string, D>();

  constructor(pageSize: (document: D) => number) {
    this.#pageSize = pageSize;
  }

  /** Throws SourceError. `next`: where the document goes on. */
  async slice(
    name: string,
    place: Place | undefined,
    fetch: () => Promise<D>,
  ): Promise<{ document: D; entries: readonly T[]; next: Place | undefined }> {
    const kept = this.#kept.get(name);
    const isKept = kept !== undefined && kept.digest === place?.digest;
    const document = isKept ? kept : await fetch();
    using unused = new DisposableStack();
    if (!isKept) unused.use(document);
    if (place !== undefined && document.digest !== place.digest)
      throw new SourceError("bad-cursor", `list "${name}": the directory has changed meanwhile`);
    const from = place?.from ?? 0;
    const to = from + this.#pageSize(document);
    const entries = document.slice(from, to);
    if (to >= document.length) {
      this.#drop(name);
      return { document, entries, next: undefined };
    }
    if (!isKept) this.#keep(name, document);
    unused.move();
    return { document, entries, next: { from: to, digest: document.digest } };
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#kept.keys()]) this.#drop(name);
  }

  #keep(name: string, document: D): void {
    this.#drop(name);
    this.#kept.set(name, document);
    let [documents, entries] = [0, 0];
    for (const [other, { held }] of [...this.#kept].reverse()) {
      documents++;
      entries += held;
      if ((entries > mostHeld || documents > mostKept) && other !== name) this.#drop(other);
    }
  }

  #drop(name: string): void {
    this.#kept.get(name)?.[Symbol.dispose]();
    this.#kept.delete(name);
  }
}

export function placeText({ from, digest }: Place): string {
  return `${from}-${digest}`;
}

/** `undefined` if it is no place. */
export function readPlace(text: Cursor): Place | undefined {
  const [, from, digest] = /^(\d{1,9})-([0-9a-f]{16})$/.exec(text) ?? [];
  return digest === undefined ? undefined : { from: Number(from), digest };
}
