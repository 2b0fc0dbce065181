import type { IncomingMessage } from "node:http";
import type { Answer } from "./answer.ts";
import { refusalOf } from "./auth.ts";
import type { ErrorCode } from "./codes.ts";
import { type FaultRule, listingFaults, type RequestKind } from "./faults/rules.ts";
import { listingReply } from "./listing.ts";
import { isImage } from "./media-type.ts";
import { ranged } from "./range.ts";
import { errorReply, type Reply, replyWith } from "./reply.ts";
import type { Service } from "./service.ts";
import { parseTarget, type Target } from "./target.ts";
import { type StoredObject, splitKey } from "./trees/object-set.ts";

/** The REST host: signed requests, listings, metadata and bodies of originals. */
export function restAnswer(service: Service, request: IncomingMessage): Answer {
  const { method = "", url = "", headers } = request;
  const refusal = (code: ErrorCode): Answer => ({ reply: errorReply(code, "rest"), speaker: "rest" });
  const target = parseTarget(url);
  if (typeof target === "number") return refusal(target);
  const key = keyIn(service.name, target);
  if (typeof key === "number") return refusal(key);
  const { schemes = ["signature", "basic", "token"] } = service.options;
  const refused = refusalOf({ method, target: url, headers }, service.account, schemes, service.now());
  if (refused) {
    service.counters.refused++;
    return refusal(refused);
  }
  if (method !== "GET" && method !== "HEAD") return refusal(40100017);

  const path = key.endsWith("/") ? key.slice(0, -1) : key;
  const object = objectAt(service, path);
  const kind = kindOf(service, request, object, key);
  const cursor = one(request, "x-list-iter");
  service.counters[kind]++;
  service.count(kind === "list" ? "list" : kind === "head" ? "head" : "fetch", path);
  if (kind === "list" && cursor === undefined) service.counters.firstPages++;

  if (kind === "get" && service.options.listingOnly) return refusal(40500001);
  const fault = service.chooseFault({ kind, key: path, hasCursor: cursor !== undefined });
  const reply = rightReply(service, request, kind, path, object, fault);
  return { reply, fault, speaker: "rest", isListing: kind === "list" };
}

function keyIn(bucket: string, { decoded }: Target): string | ErrorCode {
  const slash = decoded.indexOf("/");
  const name = slash < 0 ? decoded : decoded.slice(0, slash);
  if (name === "") return 40000003;
  if (name !== bucket) return 40100012;
  return slash < 0 ? "" : decoded.slice(slash + 1);
}

/** Returns the object, or the reason why it cannot be had. */
export function objectAt(service: Service, key: string): StoredObject | ErrorCode {
  if (service.vanished.has(key)) return 40400001;
  if (service.forbidden.has(key)) return 40300028;
  return service.tree.object(key) ?? 40400001;
}

/** A GET of something that is no file is a listing, unless a header asks for files only. */
function kindOf(
  service: Service,
  request: IncomingMessage,
  object: StoredObject | ErrorCode,
  key: string,
): RequestKind {
  if (request.method === "HEAD") return "head";
  const isFile = typeof object === "object" || object === 40300028 || service.vanished.has(key);
  if (isFile || one(request, "x-upyun-folder") === "false") return "get";
  const isListing = key === "" || key.endsWith("/") || hasListingHeader(request);
  return isListing || service.tree.isDirectory(key) ? "list" : "get";
}

function hasListingHeader({ headers }: IncomingMessage): boolean {
  return ["x-list-limit", "x-list-iter", "x-list-order", "x-upyun-folder"].some((name) => name in headers);
}

function rightReply(
  service: Service,
  request: IncomingMessage,
  kind: RequestKind,
  path: string,
  object: StoredObject | ErrorCode,
  fault: FaultRule | undefined,
): Reply {
  const list = (directory: string) => {
    const spoil = listingFaults.find((listing) => listing === fault?.kind);
    const asked = {
      directory,
      limit: one(request, "x-list-limit"),
      order: one(request, "x-list-order"),
      cursor: one(request, "x-list-iter"),
      accept: one(request, "accept"),
    };
    const { listing = {} } = service.options;
    return listingReply(service.tree, service.name, asked, listing, spoil);
  };
  if (kind === "list") return list(path);
  if (fault?.kind === "listing-as-file") return list(splitKey(path)[0]);
  if (typeof object === "object") {
    return kind === "head"
      ? headReply(service, path, object)
      : ranged(getReply(service, path, object), request, "rest");
  }
  if (object !== 40400001 || !service.tree.isDirectory(path)) return errorReply(object, "rest");
  if (kind === "head") {
    return replyWith(200, ["x-upyun-file-type", "folder", "x-upyun-file-date", "1478701618"]);
  }
  return service.options.rest?.honoursFolderHeader === false ? list(path) : errorReply(40300015, "rest");
}

function headReply(service: Service, key: string, object: StoredObject): Reply {
  const { body, modified, type } = object;
  const facts = ["x-upyun-file-type", "file", "x-upyun-file-size", String(body.size)];
  const date = ["x-upyun-file-date", String(modified), "Last-Modified", httpDate(modified)];
  const headers = ["Content-Type", type, ...facts, ...date, ...digestHeaders(service, key, object)];
  return { status: 200, headers, body, from: 0, to: body.size };
}

function getReply(service: Service, key: string, object: StoredObject): Reply {
  const { body, modified, type } = object;
  const headers = ["Content-Type", type, "Last-Modified", httpDate(modified), "Accept-Ranges", "bytes"];
  // In a GET this header names the picture's format, not "file".
  if (isImage(type)) headers.push("x-upyun-file-type", "JPEG", "x-upyun-width", "1", "x-upyun-height", "1");
  headers.push(...digestHeaders(service, key, object));
  return { status: 200, headers, body, from: 0, to: body.size };
}

function digestHeaders({ options, digests }: Service, key: string, { body }: StoredObject): string[] {
  const { md5 = true, quotedMd5 = false } = options.rest ?? {};
  if (!md5) return [];
  const digest = digests.of(key, body);
  return ["Content-MD5", quotedMd5 ? `"${digest}"` : digest, "ETag", `"${digest}"`];
}

export function httpDate(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toUTCString();
}

function one({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
