import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Tree } from "./tree.ts";

/** UpYun's cursor that says "this was the last page". */
const endMarker = "g2gCZAAEbmV4dGQAA2VvZg";

export interface ListingServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Answers UpYun's listings of a tree, in text, for any operator; bodies come from nginx. Bucket:
 * `bench`.
 */
export async function startListingServer(tree: Tree): Promise<ListingServer> {
  const server = createServer((request, response) => answer(tree, request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(tree: Tree, request: IncomingMessage, response: ServerResponse): void {
  const rows = rowsOf(tree, decodeURIComponent(request.url ?? ""));
  if (request.method !== "GET" || rows === undefined) {
    const body = JSON.stringify({ code: 40400001, msg: "file or directory not found", id: "bench" });
    response.writeHead(404, { "content-type": "application/json" }).end(body);
    return;
  }
  const limit = Number(request.headers["x-list-limit"] ?? 100);
  const from = Number(Buffer.from(String(request.headers["x-list-iter"] ?? ""), "base64url").toString() || 0);
  const to = Math.min(from + limit, rows.length);
  const next = to === rows.length ? endMarker : Buffer.from(String(to)).toString("base64url");
  response.writeHead(200, { "x-upyun-list-iter": next }).end(rows.slice(from, to).join("\n"));
}

function rowsOf(tree: Tree, path: string): string[] | undefined {
  const directory = /^\/bench\/(.*?)\/?$/.exec(path)?.[1];
  if (directory === "") return [...tree.directories.keys()].map((name) => `${name}\tF\t0\t${tree.modified}`);
  return tree.directories
    .get(directory ?? "")
    ?.map(({ name, size }) => `${name}\tN\t${size}\t${tree.modified}`);
}
