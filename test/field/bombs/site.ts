import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { httpPort } from "../servers/ports.ts";

/** What a server sends in place of something, piece by piece. */
export interface Bomb {
  readonly type: string;
  pieces(): Iterable<string | Uint8Array>;
}

/** Sends it as fast as it is taken, without a length. */
export async function explode(response: ServerResponse, { type, pieces }: Bomb): Promise<void> {
  response.writeHead(200, { "content-type": type });
  for (const piece of pieces()) {
    if (response.destroyed) return;
    if (!response.write(piece)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  response.end();
}

export const names = Array.from({ length: 30 }, (_, n) => `good-${n}.jpg`);
const good = Buffer.from([0xff, 0xd8, ...new Uint8Array(998)]);
const date = "27-Nov-2026 23:28";

export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A site as nginx has it: 30 good files of 1,000 bytes, and `rows` besides. `answer`: to what is not as usual. Its URL. */
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
