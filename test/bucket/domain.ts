import type { IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import type { Answer } from "./answer.ts";
import { bytesOf, heldBody } from "./bodies/body.ts";
import { computedBody } from "./bodies/computed-body.ts";
import type { ErrorCode } from "./codes.ts";
import { domainRefusal } from "./domain-rules.ts";
import { textPage } from "./listing.ts";
import { isImage, isText } from "./media-type.ts";
import { ranged } from "./range.ts";
import { errorReply, type Reply, replyWith } from "./reply.ts";
import { httpDate, objectAt } from "./rest.ts";
import type { Service } from "./service.ts";
import { parseTarget, type Target } from "./target.ts";
import { type StoredObject, splitKey } from "./trees/object-set.ts";
import { rendered, splitVersion, type VersionedPath, versionExists } from "./versions.ts";

const errorPicturePath = "__error/picture.jpg";
const errorPicture = computedBody(404, 1234);
const errorPictureReply: Reply = {
  status: 200,
  headers: ["Content-Type", "image/jpeg"],
  body: errorPicture,
  from: 0,
  to: errorPicture.size,
};

/**
 * The public domain: no credentials, image versions, and the changes that a CDN makes to a reply.
 */
export function domainAnswer(service: Service, request: IncomingMessage): Answer {
  return answer(service, request, request.url ?? "", false);
}

/** The address that big files are sent to: `/<original host>/<path>?_marco_=1`. */
export function edgeAnswer(service: Service, request: IncomingMessage): Answer {
  service.counters.edge++;
  return answer(service, request, (request.url ?? "").replace(/^\/[^/]*/, ""), true);
}

function answer(service: Service, request: IncomingMessage, url: string, edge: boolean): Answer {
  const { domain = {} } = service.options;
  const final = (reply: Reply): Answer => ({ reply, speaker: "domain" });
  const target = parseTarget(url);
  if (typeof target === "number") return final(failure(service, target));
  if (request.method !== "GET" && request.method !== "HEAD") return final(failure(service, 40500001));
  if (domain.errorPicture && target.decoded === errorPicturePath) return final(errorPictureReply);

  service.counters.domain++;
  const refused = edge ? undefined : domainRefusal(target, request.headers.referer, domain, service.now());
  if (refused) {
    service.counters.refused++;
    return final(failure(service, refused));
  }
  if (service.options.listingOnly) return final(failure(service, 40500001));
  const path = splitVersion(target.decoded, domain.separator ?? "!");
  service.count("fetch", path.key);
  const fault = service.chooseFault({ kind: "domain", key: path.key, hasCursor: false });
  if (fault?.kind === "listing-as-file") return { ...final(listing(service, path.key)), fault };
  const redirect = edge ? undefined : dispatched(service, request, target, path.key);
  return { ...final(redirect ?? rightReply(service, request, path)), fault };
}

/** A redirect to the edge, for a big file. */
function dispatched(
  service: Service,
  request: IncomingMessage,
  { path }: Target,
  key: string,
): Reply | undefined {
  const from = service.options.domain?.dispatchFrom ?? Number.POSITIVE_INFINITY;
  const object = objectAt(service, key);
  if (typeof object === "number" || object.body.size < from) return undefined;
  const location = `${service.edgeUrl}/${request.headers.host ?? "unknown"}${path}?_marco_=1`;
  return replyWith(302, ["Location", location]);
}

function rightReply(service: Service, request: IncomingMessage, path: VersionedPath): Reply {
  const { versions = ["s400"], cache404Ms = 0 } = service.options.domain ?? {};
  const { key, version } = path;
  if ((service.cached404.get(key) ?? 0) > service.now()) return failure(service, 40400001);
  const original = service.stale.get(key) ?? objectAt(service, key);
  if (typeof original === "number") {
    if (original === 40400001 && cache404Ms > 0) service.cached404.set(key, service.now() + cache404Ms);
    return failure(service, original);
  }
  if (version === undefined) return whole(service, request, path, original);
  if (!versionExists(version, versions)) return errorReply(40400002, "domain");
  if (!isImage(original.type) || original.body.size === 0) return errorReply(40500002, "domain");
  return whole(service, request, path, rendered(key, version, original));
}

function whole(service: Service, request: IncomingMessage, path: VersionedPath, object: StoredObject): Reply {
  return compressed(service, request, path, object) ?? plain(service, request, path, object);
}

function plain(service: Service, request: IncomingMessage, path: VersionedPath, object: StoredObject): Reply {
  const { body } = object;
  const headers = [...commonHeaders(object), "Accept-Ranges", "bytes"];
  if (service.options.domain?.etag !== false) headers.push("ETag", `"${digest(service, path, object)}"`);
  return ranged({ status: 200, headers, body, from: 0, to: body.size }, request, "domain");
}

/** The reply as gzip, where it is to be compressed. */
function compressed(
  service: Service,
  request: IncomingMessage,
  path: VersionedPath,
  object: StoredObject,
): Reply | undefined {
  const { gzip = "negotiated", etag = true } = service.options.domain ?? {};
  const accepts = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\b)/.test(String(request.headers["accept-encoding"] ?? ""));
  const negotiated = gzip === "negotiated" && accepts && isText(object.type) && object.body.size > 256;
  if (!negotiated && gzip !== "always") return undefined;
  const body = heldBody(gzipSync(bytesOf(object.body)));
  const headers = [...commonHeaders(object), "Content-Encoding", "gzip", "Vary", "Accept-Encoding"];
  if (etag) headers.push("ETag", `W/"${digest(service, path, object)}"`);
  return { status: 200, headers, body, from: 0, to: body.size };
}

function commonHeaders({ type, modified }: StoredObject): string[] {
  return [
    "Content-Type",
    type,
    "Last-Modified",
    httpDate(modified),
    "Server",
    "marco/2.6",
    "X-Source",
    "U/200",
  ];
}

/** Stale copies and versions have sums of their own. */
function digest(
  { digests, stale }: Service,
  { key, version }: VersionedPath,
  { body }: StoredObject,
): string {
  if (version === undefined && !stale.has(key)) return digests.of(key, body);
  return digests.of(`${key}\0${version ?? "stale"}`, body);
}

function failure({ options, domainUrl }: Service, code: ErrorCode): Reply {
  const status = Math.floor(code / 100_000);
  if (options.domain?.errorPicture && (status === 403 || status === 404)) {
    return replyWith(302, ["Location", `${domainUrl}/${errorPicturePath}`]);
  }
  return errorReply(code, "domain");
}

function listing({ tree }: Service, key: string): Reply {
  const rows = tree.list(splitKey(key)[0], undefined, 100, "asc") ?? [];
  return replyWith(200, ["Content-Type", "text/html"], textPage(rows));
}
