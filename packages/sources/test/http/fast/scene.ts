import type { TestContext } from "node:test";
import type { TlsOptions } from "node:tls";
import { directPool } from "../../../src/http/connecting/dispatchers.ts";
import { Exchange } from "../../../src/http/exchange.ts";
import { FastPool } from "../../../src/http/fast/fast-pool.ts";
import { anywhere } from "../../../src/http/origins/reach.ts";
import { Route } from "../../../src/http/origins/route.ts";
import type { HttpResponse } from "../../../src/http/reading/response.ts";
import { type RawAnswer, serveRaw } from "../../raw-server.ts";

export type ClientName = "undici" | "fast";

export interface SceneOptions {
  readonly tls?: TlsOptions | undefined;
  readonly connections?: number;
  /** Milliseconds, for the head and for each piece of the body. */
  readonly timeoutMs?: number;
}

export interface Asked {
  readonly method?: "GET" | "HEAD";
  readonly headers?: string[];
  readonly signal?: AbortSignal;
}

/**
 * One of the two clients, without pacing, and a server that answers with whatever bytes the test
 * writes.
 */
export async function sceneOf(
  t: TestContext,
  name: ClientName,
  answer: RawAnswer,
  { tls, connections = 1, timeoutMs = 20_000 }: SceneOptions = {},
) {
  const server = await serveRaw(t, answer, tls);
  const origin = server.url;
  const settings = {
    connectTimeoutMs: 5_000,
    headersTimeoutMs: timeoutMs,
    tls: { rejectUnauthorized: false },
    reach: anywhere,
    connections,
  };
  const full = directPool(origin, settings);
  const client = name === "undici" ? full : new FastPool(origin, settings, full);
  t.after(() => client.destroy());
  const route = new Route(origin, {
    proxy: undefined,
    reach: anywhere,
    scope: "source",
    remedies: { address: "the URL" },
  });
  // It has worked: no fault makes the client look at the port again, which would be one more
  // connection.
  route.answered(200);
  function ask(path: string, { method = "GET", headers = [], signal }: Asked = {}): Promise<HttpResponse> {
    const lasting = signal ?? new AbortController().signal;
    const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(route, lasting, resolve, reject);
      if (!lasting.aborted) client.dispatch({ origin, path, method, headers, ...limits }, exchange);
    });
  }
  async function read(path: string): Promise<string> {
    const { body } = await ask(path);
    return Buffer.from(await body.bytes()).toString("latin1");
  }
  return { ...server, ask, read, client };
}

/** A head with these lines and a Content-Length, and the body. */
export function plain(body: string, lines: readonly string[] = [], status = "200 OK"): string {
  const head = [`HTTP/1.1 ${status}`, ...lines, `Content-Length: ${body.length}`];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

/** The same in one chunk. */
export function chunked(body: string): string {
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** The path of a request. */
export function pathOf(head: string): string {
  return head.split(" ")[1] ?? "";
}
