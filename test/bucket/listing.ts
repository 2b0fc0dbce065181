import { decodeCursor, encodeCursor, endOfListing } from "./cursor.ts";
import type { ListingFaultKind } from "./faults/rules.ts";
import { errorReply, type Reply, replyWith } from "./reply.ts";
import type { ObjectSet, Position, Row } from "./trees/object-set.ts";

export interface ListingOptions {
  /** Page size of a request without x-list-limit, default 100. */
  readonly defaultLimit?: number;
  /** A greater x-list-limit is cut to this, default 10,000. */
  readonly maxLimit?: number;
  /**
   * Formats that the service supports, default both. Without `json` an Accept header has no effect.
   */
  readonly formats?: readonly ("text" | "json")[];
  /**
   * A full last page carries the end marker, or is followed by an empty page that does. Default
   * `marker`.
   */
  readonly fullLastPage?: "marker" | "empty";
  /** Whether a JSON page carries the cursor in the header too. Default no. */
  readonly cursorHeaderInJson?: boolean;
}

export interface ListingRequest {
  readonly directory: string;
  readonly limit: string | undefined;
  readonly order: string | undefined;
  readonly cursor: string | undefined;
  readonly accept: string | undefined;
}

let salt = 0;

/** Returns one page of a directory, or an error if there is none. */
export function listingReply(
  set: ObjectSet,
  bucket: string,
  request: ListingRequest,
  options: ListingOptions,
  spoil?: ListingFaultKind,
): Reply {
  const { defaultLimit = 100, maxLimit = 10_000, fullLastPage = "marker" } = options;
  const { directory, order = "asc" } = request;
  if (order !== "asc" && order !== "desc") return errorReply(40300014, "rest");
  const asked = /^[1-9]\d*$/.test(request.limit ?? "") ? Number(request.limit) : defaultLimit;
  const scope = { bucket, directory, order, limit: asked } as const;
  const limit = Math.min(asked, maxLimit);

  let after: Position | undefined;
  if (request.cursor === endOfListing) return page([], endOfListing, request, options);
  if (request.cursor !== undefined) {
    const place = decodeCursor(request.cursor, scope);
    if (!place) return errorReply(40001005, "rest");
    after = place.after;
  }
  const found = set.list(directory, after, limit + 1, order);
  if (!found) return errorReply(40400001, "rest");

  if (spoil === "empty-page") return page([], encodeCursor(scope, after, ++salt), request, options);
  let rows = found.slice(0, limit);
  const last = rows.at(-1);
  const more = found.length > limit || (fullLastPage === "empty" && rows.length === limit);
  let next: string | undefined = more && last ? encodeCursor(scope, last) : endOfListing;
  if (spoil === "no-cursor") next = undefined;
  if (spoil === "repeated-cursor") next = request.cursor ?? next;
  if (spoil === "repeated-rows") rows = [...rows, ...rows.slice(0, 3)];
  return page(rows, next, request, options, spoil === "cut-row");
}

function page(
  rows: readonly Row[],
  next: string | undefined,
  request: ListingRequest,
  { formats = ["text", "json"], cursorHeaderInJson = false }: ListingOptions,
  cut = false,
): Reply {
  const json = formats.includes("json") && request.accept?.includes("application/json") === true;
  const bytes = json ? jsonPage(rows, next) : textPage(rows);
  const inHeader = next !== undefined && (!json || cursorHeaderInJson);
  const headers = ["Content-Type", json ? "application/json" : "text/html"];
  if (inHeader) headers.push("x-upyun-list-iter", next);
  // A cut page ends in the middle of its last row.
  return replyWith(200, headers, cut ? bytes.subarray(0, Math.max(0, bytes.length - 12)) : bytes);
}

/** Name, N or F, bytes, Unix seconds; rows parted, not ended, by LF; names raw. */
export function textPage(rows: readonly Row[]): Buffer {
  let text = "";
  const parts: Uint8Array[] = [];
  for (const { name, kind, size, modified, raw } of rows) {
    if (text !== "" || parts.length > 0) text += "\n";
    if (raw) {
      parts.push(Buffer.from(text), raw);
      text = "";
    } else {
      text += name;
    }
    text += `\t${kind === "file" ? "N" : "F"}\t${size}\t${modified}`;
  }
  const rest = Buffer.from(text);
  return parts.length === 0 ? rest : Buffer.concat([...parts, rest]);
}

function jsonPage(rows: readonly Row[], next: string | undefined): Buffer {
  const placeholders = new Map<string, Uint8Array>();
  const files = rows.map(({ name, size, modified, type, kind, raw }, index) => {
    const shown = raw ? `\u0000raw ${index}\u0000` : name;
    if (raw) placeholders.set(JSON.stringify(shown), raw);
    return {
      name: shown,
      type: kind === "directory" ? "folder" : type,
      length: size,
      last_modified: modified,
    };
  });
  let rest = JSON.stringify({ files, iter: next });
  const parts: Uint8Array[] = [];
  for (const [placeholder, raw] of placeholders) {
    const at = rest.indexOf(placeholder);
    parts.push(Buffer.from(`${rest.slice(0, at)}"`), raw);
    rest = `"${rest.slice(at + placeholder.length)}`;
  }
  return Buffer.concat([...parts, Buffer.from(rest)]);
}
