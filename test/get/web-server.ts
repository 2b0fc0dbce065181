import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** A web server with one large file, that can be slow, change the file, and refuse. */
export interface WebServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** The file, at `/file.zip`. A test may replace it. */
  content: Buffer;
  /** Bytes per second and connection. */
  rate: number;
  /** Bytes of bodies that were sent. */
  sent: number;
  /** Requests so far. */
  readonly requests: readonly IncomingMessage[];
}

/** Milliseconds between two writes. */
const paceMs = 10;

/** `answer` takes a request over by returning true. */
export async function startWebServer(
  content: Buffer,
  answer: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<WebServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    if (answer(request, response)) return;
    if (request.url?.split("?")[0] === "/file.zip") send(web, request, response);
    else response.writeHead(404).end("no such file");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const web: WebServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    content,
    rate: Number.POSITIVE_INFINITY,
    sent: 0,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return web;
}

function send(web: WebServer, request: IncomingMessage, response: ServerResponse): void {
  const { content } = web;
  const etag = `"${createHash("md5").update(content.subarray(0, 4096)).digest("hex")}"`;
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const ifRange = request.headers["if-range"];
  const isRange = from !== undefined && (ifRange === undefined || ifRange === etag);
  const part = isRange ? content.subarray(Number(from), Number(to) + 1) : content;
  response.writeHead(isRange ? 206 : 200, {
    etag,
    "content-length": part.length,
    ...(isRange && { "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${content.length}` }),
  });
  pipeline(Readable.from(slowly(web, part), { highWaterMark: 1 }), response, () => {
    // The client may close the connection.
  });
}

async function* slowly(web: WebServer, part: Buffer): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < part.length; ) {
    const step = Math.min(256 * 1024, Math.max(1, Math.round((web.rate * paceMs) / 1000)));
    const chunk = part.subarray(at, at + step);
    at += chunk.length;
    web.sent += chunk.length;
    yield chunk;
    if (web.rate !== Number.POSITIVE_INFINITY) await sleep(paceMs);
  }
}
