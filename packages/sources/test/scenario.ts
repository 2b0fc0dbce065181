import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { createUpyunSource, type UpyunSource } from "../src/upyun/source.ts";

export const endMarker = "g2gCZAAEbmV4dGQAA2VvZg";

/** A server of one test: `answer` plays whatever part the test needs. */
export interface Scenario {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly host: string;
  /** Every request, in order: `GET /bucket/a`. */
  readonly asked: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
}

export async function serve(t: TestContext, answer: RequestListener): Promise<Scenario> {
  const asked: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    response.on("error", () => {});
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, asked, headers };
}

/** A source for bucket `bucket` whose environment is this and working credentials. */
export function sourceFor(t: TestContext, environment: Record<string, string>): UpyunSource {
  const source = createUpyunSource(
    { UPYUN_OPERATOR: "operator123", UPYUN_PASSWORD: "password123", ...environment },
    "bucket",
    "photos",
  );
  t.after(() => source[Symbol.asyncDispose]());
  return source;
}

/** The answers of a store that can be told for UpYun by the listing of its root. */
export function asUpyun(answer: RequestListener): RequestListener {
  return (request, response) => {
    if (request.method === "GET" && request.url === "/bucket/")
      response.writeHead(200, { "x-upyun-list-iter": endMarker }).end();
    else answer(request, response);
  };
}

/** An error as the REST API words it. */
export function refuse(response: ServerResponse, code: number, msg = "refused", headers = {}): void {
  response.writeHead(Math.floor(code / 100_000), { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ code, msg, id: "request-1" }));
}

export function signal(): AbortSignal {
  return new AbortController().signal;
}

/** An object as a listing has it; modified at this second unless told. */
export function entry(key: string, size: number, modified = 1_478_701_618) {
  return { key, size, modified };
}

/** The HTTP date of Unix seconds. */
export function httpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString();
}
