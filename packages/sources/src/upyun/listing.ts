import { type Cursor, join, NameError, type Page, SourceError } from "@brigade/core";
import { assertRequestable } from "../http/encode.ts";
import { type HttpResponse, header } from "../http/exchange.ts";
import { packingOf } from "../http/reading/packing.ts";
import { textPieces } from "../pages/text-pieces.ts";
import { DoubtfulPages } from "./doubtful-pages.ts";
import { printable } from "./error-reply.ts";
import { restError } from "./errors.ts";
import { readJsonListing } from "./listing-json.ts";
import { readTextListing } from "./listing-text.ts";
import { PagePrint } from "./page-print.ts";
import { isResponse, isStranger, type Rest } from "./rest.ts";
import type { Store } from "./store.ts";

/** The cursor that ends a directory, and the only thing that does: an Erlang term {next, eof} in Base64. */
const endMarker = "g2gCZAAEbmV4dGQAA2VvZg";

export interface ListingOptions {
  readonly format: "text" | "json";
  readonly pageSize: number;
}

/** Pages of directories by the REST API. */
export class Listing {
  readonly #rest: Rest;
  readonly #store: Store;
  readonly #options: ListingOptions;
  readonly #doubts = new DoubtfulPages();

  constructor(rest: Rest, store: Store, options: ListingOptions) {
    this.#rest = rest;
    this.#store = store;
    this.#options = options;
  }

  async page(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page> {
    if (directory !== "") assertRequestable(directory);
    const what = `list ${directory === "" ? "the root" : `${directory}/`}`;
    const path = directory === "" ? "" : `${directory}/`;
    const answer = await this.#rest.send("GET", path, this.#headers(cursor), signal, "page");
    if (!isResponse(answer)) {
      if (answer.status === 404 && cursor !== undefined)
        throw new SourceError("bad-listing", `${what}: vanished in mid-listing (${answer.text})`, {
          status: 404,
        });
      if (isStranger(answer)) await this.#rest.assertUpyun(signal);
      throw restError(answer, what);
    }
    const pieces = await this.#pieces(answer, what, signal);
    const page =
      this.#options.format === "json"
        ? await this.#json(answer, pieces, directory, what, signal)
        : await this.#text(answer, pieces, `${directory}/${cursor ?? ""}`, what);
    if (page.next !== undefined && page.next === cursor)
      throw badListing(`${what}: the same cursor came again`);
    return page;
  }

  /** A new array for each request: a cursor left behind would leak into the next directory. */
  #headers(cursor: Cursor | undefined): string[] {
    const headers = ["x-list-limit", String(this.#options.pageSize), "x-upyun-folder", "true"];
    headers.push("accept", this.#options.format === "json" ? "application/json" : "*/*");
    if (cursor !== undefined) headers.push("x-list-iter", cursor);
    return headers;
  }

  /** Of a page that may be one; what else came is not read. */
  async #pieces(response: HttpResponse, what: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const { status, body } = response;
    const refuse = async (why: string): Promise<never> => {
      body.cancel();
      await this.#rest.assertUpyun(signal);
      throw badListing(`${what}: ${why}`);
    };
    if (status !== 200) await refuse(`unexpected status ${status}`);
    if (packingOf(response.headers) !== undefined) await refuse("the listing came compressed");
    // JSON proves its own end; rows of text do not.
    // A directory that became a file answers with its bytes, which may be many.
    if (this.#options.format === "text" && response.headers["x-upyun-list-iter"] === undefined)
      await refuse("neither a next cursor nor the end marker came");
    if (!body.provable && this.#options.format === "text")
      await refuse(
        "nobody could tell a cut page from a whole one (no length, not chunked); try UPYUN_LIST_FORMAT=json",
      );
    return textPieces(body.chunks());
  }

  async #text(
    response: HttpResponse,
    pieces: AsyncIterable<string>,
    position: string,
    what: string,
  ): Promise<Page> {
    const print = new PagePrint();
    const { doubt, files, directories } = await reading(readTextListing(print.of(pieces)), what);
    if (!this.#doubts.isSettled(position, print, doubt))
      throw badListing(`${what}: ${printable(doubt ?? "")}`);
    return { files, directories, next: this.#next(header(response.headers, "x-upyun-list-iter"), what) };
  }

  async #json(
    response: HttpResponse,
    pieces: AsyncIterable<string>,
    directory: string,
    what: string,
    signal: AbortSignal,
  ): Promise<Page> {
    const { files, directories, doubtful, iter } = await reading(readJsonListing(pieces), what);
    const next = this.#next(iter ?? header(response.headers, "x-upyun-list-iter"), what);
    if (doubtful.length === 0) return { files, directories, next };
    const page = { files: [...files], directories: [...directories], next };
    for (const entry of doubtful) {
      if (await this.#isFile(join(directory, entry.name), signal)) page.files.push(entry);
      else page.directories.push(entry.name);
    }
    return page;
  }

  async #isFile(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      assertRequestable(key);
    } catch (error) {
      // Whoever walks directories refuses this name, loudly, as it does in a text listing.
      if (error instanceof NameError) return false;
      throw error;
    }
    return (await this.#store.stat(key, signal)) !== undefined;
  }

  #next(cursor: string | undefined, what: string): Cursor | undefined {
    if (cursor === undefined || cursor === "")
      throw badListing(`${what}: neither a next cursor nor the end marker came`);
    if (!/^[\x21-\x7e]+$/.test(cursor)) throw badListing(`${what}: the next cursor cannot be sent back`);
    return cursor === endMarker ? undefined : cursor;
  }
}

async function reading<T>(rows: Promise<T>, what: string): Promise<T> {
  try {
    return await rows;
  } catch (error) {
    throw ofPage(error, what);
  }
}

/** What is wrong with the page's text makes it no listing; what is over a limit is a refusal. Others tell of the way that it came. */
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
