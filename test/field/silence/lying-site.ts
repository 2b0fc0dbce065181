import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { listening } from "../servers/ports.ts";

/**
 * The content of its index pages: exact sizes in HTML or in JSON; or names only, so that each file
 * gets a HEAD.
 */
export type Style = "html" | "json" | "names";

export interface LyingSite {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** If `false`, every answer is right. */
  lies: boolean;
  /** The number of wrong answers, by kind. */
  readonly told: ReadonlyMap<Lie, number>;
}

export type Lie = keyof typeof ofPages | keyof typeof ofFiles;

/** The share of each kind of wrong answer. */
const share = 0.03;
const modified = "Mon, 01 Jan 2024 00:00:00 GMT";
const login = "<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>";

interface Asked {
  readonly path: string;
  readonly content: Buffer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly chance: () => number;
}

const type = { html: "text/html; charset=utf-8", json: "application/json" } as const;

/** The faults of an answer for a directory. `content`: its page. */
const ofPages = {
  "cut index": ({ content, response, chance }: Asked) => {
    response.writeHead(200, { "content-type": type.html, "content-length": content.length });
    response.write(content.subarray(0, Math.floor(chance() * content.length)), () => response.socket?.end());
  },
  "index that ends in mid-page": ({ content, response, chance }: Asked) => {
    const half = content.subarray(0, Math.floor(chance() * content.length));
    response.writeHead(200, { "content-type": type.html, "content-length": half.length }).end(half);
  },
  "wrong names": ({ content, response }: Asked) => {
    const raw = content
      .toString()
      .replaceAll(/href="([^"]*)"/g, (_, href) => `href="${decodeURIComponent(href)}"`);
    response.writeHead(200, { "content-type": type.html, "content-length": Buffer.byteLength(raw) }).end(raw);
  },
} as const;

/** The faults of an answer for a file. */
const ofFiles = {
  "page for a file": ({ response, chance }: Asked) => {
    response.writeHead(200, {
      "content-length": login.length,
      ...(chance() < 0.7 && { "content-type": type.html }),
      ...(chance() < 0.5 && { "last-modified": modified }),
    });
    response.end(login);
  },
  "packed file": ({ content, response, chance }: Asked) => {
    const packed = gzipSync(content);
    const isChunked = chance() < 0.5;
    const headers = { "content-encoding": "gzip", "last-modified": modified };
    response
      .writeHead(200, { ...headers, ...(!isChunked && { "content-length": packed.length }) })
      .end(packed);
  },
  "cut file": ({ content, response, chance }: Asked) => {
    response.writeHead(200, { "content-length": content.length + 1, "last-modified": modified });
    response.write(content.subarray(0, Math.floor(chance() * content.length)), () => response.socket?.end());
  },
  "wrong length": ({ content, request, response, chance }: Asked) => {
    const length = Math.floor(chance() * (content.length + 1_000));
    const other = Buffer.alloc(length, content.length === 0 ? "x" : content);
    response.writeHead(200, { "content-length": other.length, "last-modified": modified });
    response.end(request.method === "HEAD" ? "" : other);
  },
  "404 to a file": ({ response }: Asked) => void response.writeHead(404, { "content-length": 0 }).end(),
} as const;

/** A web server that has these files, by path, and gives each kind of wrong answer now and then. */
export async function startLyingSite(
  t: TestContext,
  files: ReadonlyMap<string, Buffer>,
  style: Style,
  chance: () => number,
): Promise<LyingSite> {
  const told = new Map<Lie, number>();
  const lie = <K extends Lie>(kinds: readonly K[]): K | undefined => {
    const kind = site.lies ? kinds[Math.floor(chance() / share)] : undefined;
    if (kind !== undefined) told.set(kind, (told.get(kind) ?? 0) + 1);
    return kind;
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice(1));
    const page = pageOf(files, path, style);
    const content = page ?? files.get(path);
    if (content === undefined) return void response.writeHead(404, { "content-length": 0 }).end();
    const asked = { path, content, request, response, chance };
    if (page !== undefined) {
      const kind =
        style === "json" ? lie(["cut index"]) : lie(Object.keys(ofPages) as (keyof typeof ofPages)[]);
      if (kind !== undefined) ofPages[kind](asked);
      else response.writeHead(200, { "content-type": type[style === "json" ? "json" : "html"] }).end(page);
      return;
    }
    const kind = lie(liesAbout(request, path, style));
    if (kind === undefined) sendFile(asked);
    else ofFiles[kind](asked);
  });
  const site = { url: `http://127.0.0.1:${await listening(t, server)}`, lies: true, told };
  return site;
}

/**
 * Returns the kinds of wrong answers that can be noticed. A file without an extension may be a page,
 * and where only HEAD has lengths, a wrong GET cannot be noticed.
 */
function liesAbout({ method }: IncomingMessage, path: string, style: Style): (keyof typeof ofFiles)[] {
  if (method === "HEAD") return ["wrong length"];
  const all = Object.keys(ofFiles) as (keyof typeof ofFiles)[];
  return style === "names" && !path.includes(".") ? all.filter((kind) => kind !== "page for a file") : all;
}

function sendFile({ content, request, response }: Asked): void {
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const last = Math.min(to === "" ? content.length : Number(to), content.length - 1);
  const isRange = request.headers.range !== undefined;
  if (isRange && content.length === 0) return void response.writeHead(416, { "content-length": 0 }).end();
  const part = isRange ? content.subarray(Number(from), last + 1) : content;
  response.writeHead(isRange ? 206 : 200, {
    "content-length": part.length,
    "last-modified": modified,
    ...(isRange && { "content-range": `bytes ${from}-${last}/${content.length}` }),
  });
  response.end(request.method === "HEAD" ? "" : part);
}

/**
 * The index page of a directory (its path ends with a slash, unless it is the root); `undefined`
 * for files.
 */
function pageOf(files: ReadonlyMap<string, Buffer>, path: string, style: Style): Buffer | undefined {
  if (path !== "" && !path.endsWith("/")) return undefined;
  const rows = new Map<string, number | undefined>();
  for (const [file, { length }] of files) {
    if (!file.startsWith(path)) continue;
    const [name = "", ...below] = file.slice(path.length).split("/");
    rows.set(name, below.length === 0 ? length : undefined);
  }
  if (rows.size === 0) return undefined;
  if (style === "json") return Buffer.from(JSON.stringify([...rows].map(jsonRow)));
  const lines = [...rows].map(([name, size]) => {
    const href = encodeURIComponent(name) + (size === undefined ? "/" : "");
    const told = style === "html" ? `   01-Jan-2024 00:00   ${size ?? "-"}` : "";
    return `<a href="${href}">x</a>${told}\r\n`;
  });
  const title = `Index of /${encodeURIComponent(path)}`;
  return Buffer.from(
    `<html><head><title>${title}</title></head><body><h1>${title}</h1><pre><a href="../">../</a>\r\n${lines.join("")}</pre></body></html>\r\n`,
  );
}

function jsonRow([name, size]: [string, number | undefined]): object {
  if (size === undefined) return { name, type: "directory", mtime: modified };
  return { name, type: "file", mtime: modified, size };
}
