import { createHash } from "node:crypto";
import { type Cursor, SourceError } from "@brigade/core";
import { header } from "../http/exchange.ts";
import { refuseEncoded } from "../http-file/http-body.ts";
import { parseHtmlIndex } from "./html-index.ts";
import { parseJsonIndex } from "./json-index.ts";
import type { Listed } from "./listed.ts";
import type { Site } from "./site.ts";

/** Bytes: some 500,000 entries. */
const longestDocument = 64 * 1024 * 1024;
/** Entries of the documents of which pages are still to be given, but for the latest. */
const mostKept = 500_000;

interface Document {
  readonly entries: readonly Listed[];
  /** Tells this state of the directory from others. */
  readonly digest: string;
}

export interface Slice {
  readonly entries: readonly Listed[];
  readonly next: Cursor | undefined;
}

/**
 * Index pages, cut into pages of our own: servers give a directory as one document, however long. A cursor is an entry's number
 * and the document's digest; where the directory has changed since, and the document is not kept, it is no good any more.
 */
export class IndexDocuments {
  readonly #site: Site;
  readonly #pageSize: number;
  /** By directory, the latest asked for last. */
  readonly #kept = new Map<string, Document>();

  constructor(site: Site, pageSize: number) {
    this.#site = site;
    this.#pageSize = pageSize;
  }

  /** Throws SourceError. */
  async slice(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Slice> {
    const [from, digest] = readCursor(cursor);
    const kept = this.#kept.get(directory);
    const document =
      kept !== undefined && kept.digest === digest ? kept : await this.#fetch(directory, signal);
    if (digest !== undefined && document.digest !== digest)
      throw new SourceError("bad-cursor", `list "${directory}/": the directory has changed meanwhile`);
    const to = from + this.#pageSize;
    this.#kept.delete(directory);
    const isLast = to >= document.entries.length;
    if (!isLast) this.#keep(directory, document);
    return {
      entries: document.entries.slice(from, to),
      next: isLast ? undefined : `${to}-${document.digest}`,
    };
  }

  #keep(directory: string, document: Document): void {
    this.#kept.set(directory, document);
    let entries = 0;
    for (const [path, { entries: kept }] of [...this.#kept].reverse()) {
      entries += kept.length;
      if (entries > mostKept && path !== directory) this.#kept.delete(path);
    }
  }

  async #fetch(directory: string, signal: AbortSignal): Promise<Document> {
    const path = directory === "" ? "" : `${directory}/`;
    const what = `list ${this.#site.shown(path)}`;
    const accept = "application/json, text/html;q=0.9";
    const { redirected, response } = await this.#site.ask("GET", path, { accept, purpose: "page" }, signal);
    const url = redirected ?? this.#site.urlOf(path);
    refuseEncoded(response, what);
    if (response.status !== 200 || !url.pathname.endsWith("/")) {
      response.body.cancel();
      throw new SourceError("forbidden", `${what}: this is a file, not a directory`);
    }
    if (!response.body.provable) {
      response.body.cancel();
      throw new SourceError("bad-listing", `${what}: nobody could tell a cut page from a whole one`);
    }
    const bytes = await response.body.bytes({ most: longestDocument }).catch((error: unknown) => {
      throw badListing(error, what);
    });
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    const isJson = /\bjson\b/i.test(header(response.headers, "content-type") ?? "");
    const entries = isJson ? parseJsonIndex(text) : await parseHtmlIndex(text, url);
    if (entries === undefined)
      throw new SourceError(
        "forbidden",
        `${what}: this is no index page as nginx, Apache, Caddy or Python make them (has the directory an index.html?)`,
      );
    return { entries, digest: digestOf(entries) };
  }
}

/** Of the entries alone: the page around them may tell the time. */
function digestOf(entries: readonly Listed[]): string {
  const hash = createHash("sha256");
  for (const { name, isDirectory, size, modified } of entries)
    hash.update(JSON.stringify([name, isDirectory, size, modified]));
  return hash.digest("hex").slice(0, 16);
}

function readCursor(cursor: Cursor | undefined): [number, string | undefined] {
  if (cursor === undefined) return [0, undefined];
  const [, from, digest] = /^(\d{1,9})-([0-9a-f]{16})$/.exec(cursor) ?? [];
  if (digest === undefined) throw new SourceError("bad-cursor", `"${cursor}" is no cursor of an index page`);
  return [Number(from), digest];
}

/** A body that cannot be the page is no whole listing. */
function badListing(error: unknown, what: string): unknown {
  if (!(error instanceof SourceError) || error.kind !== "damaged") return error;
  return new SourceError("bad-listing", `${what}: ${error.message}`, { cause: error });
}
