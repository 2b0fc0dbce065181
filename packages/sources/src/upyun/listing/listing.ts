import { type Cursor, type FileEntry, join, NameError, type Page, SourceError } from "@brigade/core";
import { contentCoding } from "../../http/reading/content-coding.ts";
import { type HttpResponse, header } from "../../http/reading/response.ts";
import { assertRequestable } from "../../http/requests/encode.ts";
import { KeptDocuments, type Place, placeText, readPlace } from "../../pages/kept-documents.ts";
import { pageLimits } from "../../pages/limits.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { textPieces } from "../../pages/text-pieces.ts";
import { printable } from "../rest/error-reply.ts";
import { restError } from "../rest/errors.ts";
import { isResponse, isStranger, type Rest } from "../rest/rest.ts";
import type { Store } from "../rest/store.ts";
import { DoubtfulPages } from "./doubtful-pages.ts";
import { readJsonListing } from "./json.ts";
import { PagePrint } from "./page-print.ts";
import { ListedRows, type Row } from "./rows.ts";
import { readTextListing } from "./text.ts";

/**
 * The cursor that ends a directory, the only mark of its end: an Erlang term {next, eof} in Base64.
 */
const endMarker = "g2gCZAAEbmV4dGQAA2VvZg";

/**
 * The beginning of our cursors within one answer of the store; a place and the store's own cursor
 * follow.
 */
const ownCursor = "rows:";

export interface ListingOptions {
  readonly format: "text" | "json";
  readonly pageSize: number;
  /** For rows that are too many for memory. */
  readonly folder: StateFolder;
}

/**
 * Pages of directories by the REST API. An answer of far more rows than were asked for is cut into
 * pages of our own.
 */
export class Listing implements Disposable {
  readonly #rest: Rest;
  readonly #store: Store;
  readonly #options: ListingOptions;
  readonly #doubts = new DoubtfulPages();
  readonly #kept: KeptDocuments<Row, ListedRows>;

  constructor(rest: Rest, store: Store, options: ListingOptions) {
    this.#rest = rest;
    this.#store = store;
    this.#options = options;
    this.#kept = new KeptDocuments(({ length }) =>
      length <= pageLimits.inMemory ? length : options.pageSize,
    );
  }

  async page(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page> {
    if (directory !== "") assertRequestable(directory);
    const { asked, place } = readCursor(cursor);
    const name = `${directory}/${asked ?? ""}`;
    const { document, entries, next } = await this.#kept.slice(name, place, () =>
      this.#fetch(directory, asked, cursor === undefined, signal),
    );
    const rows = await this.#decided(directory, entries, signal);
    return {
      files: rows.filter((row) => typeof row !== "string"),
      directories: rows.filter((row) => typeof row === "string"),
      next: next === undefined ? document.next : `${ownCursor}${placeText(next)}:${asked ?? ""}`,
    };
  }

  [Symbol.dispose](): void {
    this.#kept[Symbol.dispose]();
  }

  /** `isFirst`: nothing of the directory was listed yet. */
  async #fetch(
    directory: string,
    cursor: Cursor | undefined,
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<ListedRows> {
    const what = `list ${directory === "" ? "the root" : `${directory}/`}`;
    const path = directory === "" ? "" : `${directory}/`;
    const answer = await this.#rest.send("GET", path, this.#headers(cursor), signal, "page");
    if (!isResponse(answer)) {
      if (answer.status === 404 && !isFirst)
        throw new SourceError("bad-listing", `${what}: vanished in mid-listing (${answer.text})`, {
          status: 404,
        });
      if (isStranger(answer)) await this.#rest.assertUpyun(signal);
      throw restError(answer, what);
    }
    const pieces = await this.#pieces(answer, what, signal);
    const document = await this.#read(answer, pieces, `${directory}/${cursor ?? ""}`, what);
    if (document.next === undefined || document.next !== cursor) return document;
    document[Symbol.dispose]();
    throw badListing(`${what}: the same cursor came again`);
  }

  /** A new array per request: a cursor from before would be sent for the next directory. */
  #headers(cursor: Cursor | undefined): string[] {
    const headers = ["x-list-limit", String(this.#options.pageSize), "x-upyun-folder", "true"];
    headers.push("accept", this.#options.format === "json" ? "application/json" : "*/*");
    if (cursor !== undefined) headers.push("x-list-iter", cursor);
    return headers;
  }

  /** Reads the text of an answer that may be a page; others are not read. */
  async #pieces(response: HttpResponse, what: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const { status, body } = response;
    const refuse = async (why: string): Promise<never> => {
      body.cancel();
      await this.#rest.assertUpyun(signal);
      throw badListing(`${what}: ${why}`);
    };
    if (status !== 200) await refuse(`unexpected status ${status}`);
    if (contentCoding(response.headers) !== undefined) await refuse("the listing came compressed");
    // JSON proves its own end; rows of text do not.
    // A directory that became a file answers with its bytes, which may be many.
    if (this.#options.format === "text" && response.headers["x-upyun-list-iter"] === undefined)
      await refuse("neither a next cursor nor the end marker came");
    if (!body.isDelimited && this.#options.format === "text")
      await refuse(
        "nothing proves that the page is complete (no length, not chunked); try UPYUN_LIST_FORMAT=json",
      );
    return textPieces(body.chunks());
  }

  async #read(
    response: HttpResponse,
    pieces: AsyncIterable<string>,
    position: string,
    what: string,
  ): Promise<ListedRows> {
    const { format, folder } = this.#options;
    const print = new PagePrint();
    const read = format === "json" ? readJsonListing : readTextListing;
    const { rows, doubt, iter } = await reading(read(print.of(pieces), folder), what);
    using unused = new DisposableStack();
    unused.use(rows);
    if (!this.#doubts.isDecided(position, print, doubt))
      throw badListing(`${what}: ${printable(doubt ?? "")}`);
    const next = this.#next(iter ?? header(response.headers, "x-upyun-list-iter"), what);
    unused.move();
    return new ListedRows(rows, print, next);
  }

  /** Files, and directories by their names. */
  async #decided(
    directory: string,
    rows: readonly Row[],
    signal: AbortSignal,
  ): Promise<(FileEntry | string)[]> {
    const decided: (FileEntry | string)[] = [];
    for (const row of rows) {
      if (typeof row === "string" || !("fileOrDirectory" in row)) decided.push(row);
      else {
        const { fileOrDirectory: file } = row;
        decided.push((await this.#isFile(join(directory, file.name), signal)) ? file : file.name);
      }
    }
    return decided;
  }

  async #isFile(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      assertRequestable(key);
    } catch (error) {
      // The lister refuses this name with a log line, as in a text listing.
      if (error instanceof NameError) return false;
      throw error;
    }
    return (await this.#store.stat(key, signal)) !== undefined;
  }

  #next(cursor: string | undefined, what: string): Cursor | undefined {
    if (cursor === undefined || cursor === "")
      throw badListing(`${what}: neither a next cursor nor the end marker came`);
    if (!/^[\x21-\x7e]+$/.test(cursor) || cursor.startsWith(ownCursor))
      throw badListing(`${what}: the next cursor cannot be sent back`);
    return cursor === endMarker ? undefined : cursor;
  }
}

/** The cursor of the request to the store, and the place within its answer. */
function readCursor(cursor: Cursor | undefined): { asked: Cursor | undefined; place: Place | undefined } {
  if (cursor?.startsWith(ownCursor) !== true) return { asked: cursor, place: undefined };
  const [, text = "", asked = ""] = /^rows:([^:]*):(.*)$/s.exec(cursor) ?? [];
  const place = readPlace(text);
  if (place === undefined)
    throw new SourceError("bad-cursor", `"${printable(cursor)}" is no cursor of a page`);
  return { asked: asked === "" ? undefined : asked, place };
}

async function reading<T>(rows: Promise<T>, what: string): Promise<T> {
  try {
    return await rows;
  } catch (error) {
    throw ofPage(error, what);
  }
}

/**
 * A fault in the page's text makes it no listing; a page over a limit is a refusal. Other errors
 * are about its transfer.
 */
function ofPage(error: unknown, what: string): unknown {
  if (error instanceof Error && error.name === "AbortError") return error;
  const why = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SourceError)) return badListing(`${what}: ${printable(why)}`, error);
  if (error.kind === "damaged") return badListing(`${what}: ${why}`, error);
  return error.kind === "forbidden"
    ? new SourceError("forbidden", `${what}: ${why}`, { cause: error })
    : error;
}

function badListing(message: string, cause?: unknown): SourceError {
  return new SourceError("bad-listing", message, cause === undefined ? {} : { cause });
}
