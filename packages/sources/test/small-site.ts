import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { SourceSetup } from "./conformance.ts";
import { httpDate } from "./scenario.ts";

const modified = 1_478_701_560;

/**
 * A web server with index pages as nginx makes them, in so many lines as the conformance suite
 * needs.
 */
export function smallSite(setup: SourceSetup): RequestListener {
  return (request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice(1));
    if (path.endsWith("/") || path === "") return list(setup, response, path);
    const isDirectory = [...setup.objects.keys()].some((key) => key.startsWith(`${path}/`));
    if (isDirectory) return void response.writeHead(301, { location: `${request.url}/` }).end();
    sendFile(setup, request, response, path);
  };
}

/** The file of this key, with the misbehaviour that the set-up asks for. */
export function sendFile(
  setup: SourceSetup,
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
): void {
  const content = setup.objects.get(key);
  if (content === undefined) return void response.writeHead(404).end("no such file");
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const last = to === "" ? content.byteLength - 1 : Math.min(Number(to), content.byteLength - 1);
  const isRange = request.headers.range !== undefined;
  if (isRange && content.byteLength === 0) return void response.writeHead(416).end();
  const part = content.subarray(Number(from), last + 1);
  response.writeHead(isRange ? 206 : 200, {
    "content-length": part.byteLength,
    "last-modified": httpDate(modified),
    ...(isRange && { "content-range": `bytes ${from}-${last}/${content.byteLength}` }),
  });
  const half = part.subarray(0, part.byteLength / 2);
  if (request.method === "HEAD") response.end();
  else if (setup.truncated?.has(key)) response.write(half, () => response.socket?.end());
  else if (setup.stalled?.has(key)) response.write(half);
  else response.end(part);
}

function list(setup: SourceSetup, response: ServerResponse, path: string): void {
  if (path === `${setup.stalledListing}/`) return;
  const rows = new Map<string, string>();
  for (const [key, content] of setup.objects) {
    if (!key.startsWith(path)) continue;
    const [name = "", below] = key.slice(path.length).split("/");
    const href = encodeURIComponent(name) + (below === undefined ? "" : "/");
    const size = below === undefined ? content.byteLength : "-";
    rows.set(name, `<a href="${href}">${href}</a>   09-Nov-2016 14:26   ${size}\r\n`);
  }
  if (rows.size === 0) return void response.writeHead(404).end("no such directory");
  response.setHeader("content-type", "text/html");
  response.end(
    `<html><title>Index of /${path}</title><a href="../">../</a>\n${[...rows.values()].join("")}</html>`,
  );
}
