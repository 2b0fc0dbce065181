import { createHash } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { SourceSetup } from "../conformance.ts";
import { endMarker, httpDate, refuse } from "../scenario.ts";

const modified = 1_478_701_618;

/** UpYun in so many lines as the conformance suite needs: the REST API of bucket `bucket`. */
export function smallStore(setup: SourceSetup): RequestListener {
  return (request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice("/bucket/".length));
    if (request.headers["x-upyun-folder"] === "true") return list(setup, request, response, path);
    const content = setup.objects.get(path);
    const isDirectory = [...setup.objects.keys()].some((key) => key.startsWith(`${path}/`));
    if (request.method === "GET") return send(setup, request, response, path);
    if (content === undefined && !isDirectory) return void response.writeHead(404).end();
    if (content === undefined) return void response.writeHead(200, { "x-upyun-file-type": "folder" }).end();
    response.writeHead(200, {
      "x-upyun-file-type": "file",
      "x-upyun-file-size": content.byteLength,
      "x-upyun-file-date": modified,
    });
    response.end();
  };
}

/** The same bucket's public domain. */
export function smallDomain(setup: SourceSetup): RequestListener {
  return (request, response) =>
    send(setup, request, response, decodeURIComponent((request.url ?? "").slice(1)));
}

function send(setup: SourceSetup, request: IncomingMessage, response: ServerResponse, key: string): void {
  const content = setup.objects.get(key);
  if (content === undefined) {
    refuse(response, 40400001);
    return;
  }
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const last = to === "" ? content.byteLength - 1 : Number(to);
  const part = content.subarray(Number(from), last + 1);
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    "content-length": part.byteLength,
    "content-range": `bytes ${from}-${last}/${content.byteLength}`,
    "last-modified": httpDate(modified),
    etag: `"${createHash("md5").update(content).digest("hex")}"`,
  });
  const half = part.subarray(0, part.byteLength / 2);
  if (setup.truncated?.has(key)) response.write(half, () => response.socket?.end());
  else if (setup.stalled?.has(key)) response.write(half);
  else response.end(part);
}

function list(setup: SourceSetup, request: IncomingMessage, response: ServerResponse, path: string): void {
  if (path === `${setup.stalledListing}/`) return;
  const rows = new Map<string, number | undefined>();
  for (const [key, content] of setup.objects) {
    if (!key.startsWith(path)) continue;
    const [name = "", below] = key.slice(path.length).split("/");
    rows.set(name, below === undefined ? content.byteLength : undefined);
  }
  if (rows.size === 0) {
    refuse(response, 40400001);
    return;
  }
  const from = Number(Buffer.from(String(request.headers["x-list-iter"] ?? ""), "base64").toString() || "0");
  const to = from + Number(request.headers["x-list-limit"]);
  const page = [...rows].slice(from, to);
  const iter = to < rows.size ? Buffer.from(String(to)).toString("base64") : endMarker;
  response.writeHead(200, { "x-upyun-list-iter": iter });
  if (request.headers.accept === "application/json") {
    const files = page.map(([name, size]) => ({
      name,
      type: size === undefined ? "folder" : "text/plain",
      length: size ?? 0,
      last_modified: modified,
    }));
    response.end(JSON.stringify({ files, iter }));
  } else {
    const text = page.map(
      ([name, size]) => `${name}\t${size === undefined ? "F" : "N"}\t${size ?? 0}\t${modified}`,
    );
    response.end(text.join("\n"));
  }
}
