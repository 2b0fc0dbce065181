import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import {
  CookieJar,
  type HttpFile,
  HttpFiles,
  type HttpFilesOptions,
  parseFileUrl,
} from "@brigade/sources/get";

/** What a test's web server holds; tests change it while it is fetched. */
export interface Content {
  bytes: Buffer;
  etag?: string | undefined;
  modified?: string | undefined;
}

/** Answers ranges, and If-Range, as the standard wants it. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Content,
  more = {},
): void {
  const { bytes, etag, modified } = content;
  const headers = {
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { "last-modified": modified }),
    ...more,
  };
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const ifRange = request.headers["if-range"];
  if (
    from === undefined ||
    to === undefined ||
    (ifRange !== undefined && ifRange !== etag && ifRange !== modified)
  ) {
    response.writeHead(200, { "content-length": bytes.length, ...headers }).end(bytes);
    return;
  }
  if (Number(from) >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const part = bytes.subarray(Number(from), Number(to) + 1);
  const last = Number(from) + part.length - 1;
  response
    .writeHead(206, {
      "content-length": part.length,
      "content-range": `bytes ${from}-${last}/${bytes.length}`,
      ...headers,
    })
    .end(part);
}

export function filesOf(t: TestContext, options: Partial<HttpFilesOptions> = {}): HttpFiles {
  const files = new HttpFiles({
    userAgent: "test",
    referer: undefined,
    headers: [],
    cookies: new CookieJar(),
    proxies: { http: undefined, https: undefined, except: "" },
    tls: { rejectUnauthorized: true },
    connectTimeoutMs: 5000,
    silenceTimeoutMs: 5000,
    allowPrivate: false,
    ...options,
  });
  t.after(() => files[Symbol.asyncDispose]());
  return files;
}

export function find(
  t: TestContext,
  url: string,
  options: Partial<HttpFilesOptions> = {},
): Promise<HttpFile> {
  return filesOf(t, options).find(parseFileUrl(url), new AbortController().signal);
}

/** The text of a range. */
export async function read(file: HttpFile, from: number, to: number): Promise<string> {
  const body = await file.open({ from, to }, new AbortController().signal);
  return Buffer.from(await body.bytes()).toString();
}
