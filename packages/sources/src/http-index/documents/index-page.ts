import { SourceError } from "@brigade/core";
import { contentCoding } from "../../http/reading/content-coding.ts";
import { type HttpResponse, header } from "../../http/reading/response.ts";
import { decompressed } from "../../pages/decompressed.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { textPieces } from "../../pages/text-pieces.ts";
import type { Site } from "../site/site.ts";
import type { Entries } from "./entries.ts";
import { type HtmlIndexOf, parseHtmlIndex } from "./html-index.ts";
import { parseJsonIndex } from "./json-index.ts";

const accept = "application/json, text/html;q=0.9";

/**
 * Fetches the index page of a directory, and reads it. Throws SourceError, also for an incomplete
 * page.
 */
export async function fetchIndex(
  site: Site,
  directory: string,
  folder: StateFolder,
  signal: AbortSignal,
): Promise<Entries> {
  const path = directory === "" ? "" : `${directory}/`;
  try {
    const { redirected, response } = await site.ask("GET", path, { accept, purpose: "page" }, signal);
    const asked = site.urlOf(path);
    const answered = redirected ?? asked;
    assertDirectory(response, asked, answered);
    return await readIndex(response, { asked, answered, isDelimited: response.body.isDelimited }, folder);
  } catch (error) {
    throw ofListing(error, `list ${site.shown(path)}`);
  }
}

function assertDirectory({ status, body }: HttpResponse, asked: URL, answered: URL): void {
  const isAbove = asked.pathname !== answered.pathname && asked.pathname.startsWith(answered.pathname);
  if (status === 200 && answered.pathname.endsWith("/") && !isAbove) return;
  body.cancel();
  const why = isAbove
    ? `the server leads back to ${answered.pathname}, which is above it`
    : "this is a file, not a directory";
  throw new SourceError("forbidden", why);
}

async function readIndex(
  { headers, body, route }: HttpResponse,
  of: HtmlIndexOf,
  folder: StateFolder,
): Promise<Entries> {
  await using dropped = new AsyncDisposableStack();
  dropped.defer(() => body.cancel());
  const pieces = textPieces(decompressed(body.chunks(), contentCoding(headers)));
  const isJson = /\bjson\b/i.test(header(headers, "content-type") ?? "");
  const entries = isJson ? await parseJsonIndex(pieces, folder) : await parseHtmlIndex(pieces, of, folder);
  if (entries !== undefined) {
    route.cameFromOrigin(header(headers, "server"));
    return entries;
  }
  throw new SourceError(
    "forbidden",
    "this is no index page as nginx, Apache, Caddy or Python make them (has the directory an index.html?)",
  );
}

/**
 * A body that cannot be the page, and an unreadable answer, are incomplete listings. Refusals with
 * a status name their URL.
 */
function ofListing(error: unknown, what: string): unknown {
  if (!(error instanceof SourceError)) return error;
  const { kind, message, status } = error;
  const isUnreadable = kind === "unavailable" && status === undefined;
  const reported = kind === "damaged" || isUnreadable ? "bad-listing" : kind;
  if (reported !== "bad-listing" && (reported !== "forbidden" || status !== undefined)) return error;
  return new SourceError(reported, `${what}: ${message}`, { status, cause: error });
}
