import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import { httpPort } from "../servers/ports.ts";

/** The pieces that a server sends in place of the right answer. */
export interface Bomb {
  readonly type: string;
  pieces(): Iterable<string | Uint8Array>;
}

/** Sends the pieces as fast as the client reads, without a length. */
export async function explode(response: ServerResponse, bomb: Bomb): Promise<void> {
  response.writeHead(200, { "content-type": bomb.type });
  await pour(response, bomb);
}

/** The same, after a head that was already written. */
export async function pour(response: ServerResponse, { pieces }: Bomb): Promise<void> {
  for (const piece of pieces()) {
    if (response.destroyed) return;
    if (!response.write(piece)) await writable(response);
  }
  response.end();
}

async function writable(to: ServerResponse | Socket): Promise<void> {
  const over = new AbortController();
  const either = ["drain", "close"].map((event) => once(to, event, over).catch(() => undefined));
  await Promise.race(either);
  over.abort();
}

/** Sends each byte as a chunk of its own. */
export async function drip(response: ServerResponse, { type, pieces }: Bomb): Promise<void> {
  response.writeHead(200, { "content-type": type, connection: "close" });
  response.flushHeaders();
  const socket = response.socket;
  for (const piece of pieces()) {
    if (socket === null || socket.destroyed) return;
    const chunks = Buffer.from(piece).toString("latin1").replaceAll(/./gs, "1\r\n$&\r\n");
    if (!socket.write(chunks, "latin1")) await writable(socket);
  }
  socket?.end("0\r\n\r\n");
}

export const names = Array.from({ length: 30 }, (_, n) => `good-${n}.jpg`);
const good = Buffer.from([0xff, 0xd8, ...new Uint8Array(998)]);
const date = "27-Nov-2026 23:28";

export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Starts a site like nginx: 30 good files of 1,000 bytes, and `rows` besides. `answer` handles
 * unusual requests. Returns the URL.
 */
export async function siteWith(t: TestContext, rows: readonly string[], answer: Answer): Promise<string> {
  const all = [...names.map((name) => row(name, good.length)), ...rows];
  const index = `<html><head><title>Index of /</title></head><body><pre>${all.join("\n")}</pre></body></html>`;
  const port = await httpPort(t, (request, response) => {
    if (answer(request, response)) return;
    const path = request.url ?? "";
    if (path === "/") response.writeHead(200, { "content-type": "text/html" }).end(index);
    else if (names.includes(path.slice(1)))
      response
        .writeHead(200, { "content-length": good.length, "last-modified": "Fri, 27 Nov 2026 23:28:00 GMT" })
        .end(request.method === "HEAD" ? undefined : good);
    else response.writeHead(404, { "content-length": 0 }).end();
  });
  return `http://127.0.0.1:${port}/`;
}

/** The listing formats of a UpYun bucket: both have the same content. */
export type Format = "text" | "json";

export interface Listed {
  readonly name: string;
  readonly isDirectory?: boolean;
}

export const endMarker = "g2gCZAAEbmV4dGQAA2VvZg";

export function upyunRow(format: Format, { name, isDirectory = false }: Listed): string {
  if (format === "text")
    return `${name}\t${isDirectory ? "F" : "N"}\t${isDirectory ? 0 : good.length}\t1478701618\n`;
  const type = isDirectory ? "folder" : "image/jpeg";
  return `${JSON.stringify({ name, type, length: isDirectory ? 0 : good.length, last_modified: 1478701618 })},`;
}

const objectHeaders = {
  "content-length": good.length,
  "x-upyun-file-type": "image/jpeg",
  "x-upyun-file-size": good.length,
  "x-upyun-file-date": 1478701618,
};

/**
 * A UpYun bucket: 30 good files of 1,000 bytes, and a directory `bomb` whose page is the bomb.
 * Returns the settings for it.
 */
export async function bucketWith(
  t: TestContext,
  format: Format,
  bomb: Bomb,
): Promise<Record<string, string>> {
  const root = [...names.map((name) => ({ name })), { name: "bomb", isDirectory: true }];
  const rows = root.map((one) => upyunRow(format, one)).join("");
  const page = format === "text" ? rows : `{"files":[${rows.slice(0, -1)}],"iter":"${endMarker}"}`;
  const port = await httpPort(t, (request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    const isListing = request.headers["x-upyun-folder"] === "true";
    if (isListing) response.setHeader("x-upyun-list-iter", endMarker);
    if (!isListing) response.writeHead(200, objectHeaders).end(request.method === "HEAD" ? undefined : good);
    else if (pathname === "/demo/bomb/") void explode(response, bomb);
    else response.writeHead(200, { "content-length": Buffer.byteLength(page) }).end(page);
  });
  return {
    UPYUN_ENDPOINT: `http://127.0.0.1:${port}`,
    UPYUN_OPERATOR: "o",
    UPYUN_PASSWORD: "p",
    UPYUN_LIST_FORMAT: format,
  };
}

export function row(name: string, size?: number): string {
  return `<a href="${name}">${name}</a>   ${date}   ${size ?? "-"}`;
}

export function* repeated(text: string, times: number): Generator<string, void, void> {
  const atOnce = Math.ceil(65_536 / text.length);
  const block = text.repeat(atOnce);
  for (let n = 0; n < times; n += atOnce) yield block;
}

export function* endless(): Generator<Uint8Array, never, void> {
  const block = new Uint8Array(65_536).fill(0x61);
  for (;;) yield block;
}
