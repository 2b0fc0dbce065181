import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Decision } from "./gates.ts";

export interface LimitedSite {
  readonly url: string;
  /** The outcomes of the requests, second by second since the first one. */
  readonly seconds: readonly SecondOfSite[];
}

export type SecondOfSite = Record<Decision, number>;

export interface SiteOptions {
  readonly directories: number;
  readonly filesPerDirectory: number;
  /** Decides on a request at this time, milliseconds. */
  readonly gate: (now: number, request: IncomingMessage) => Decision;
  /** Of refusals. Default 429. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** Milliseconds until an answer comes: [at least, at most]. Default none. */
  readonly latency?: readonly [number, number];
  /** A request was answered that the gate had let in. */
  readonly onServed?: () => void;
}

const modified = new Date(1_600_000_000_000).toUTCString();
const body = Buffer.from("a small file\n");

/** A web server with index pages as nginx writes them in JSON, that limits requests. */
export async function limitedSite(t: TestContext, options: SiteOptions): Promise<LimitedSite> {
  const {
    directories,
    filesPerDirectory,
    gate,
    status = 429,
    retryAfterSeconds,
    latency,
    onServed,
  } = options;
  const seconds: SecondOfSite[] = [];
  let began: number | undefined;
  const root = JSON.stringify(rows(directories, (n) => ({ name: `d${n}`, type: "directory" })));
  const page = JSON.stringify(
    rows(filesPerDirectory, (n) => ({ name: `${n}.txt`, type: "file", size: body.byteLength })),
  );
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const now = performance.now();
    began ??= now;
    const second = Math.floor((now - began) / 1000);
    while (seconds.length <= second) seconds.push({ served: 0, refused: 0, banned: 0 });
    const verdict = gate(now, request);
    const counted = seconds[second];
    if (counted !== undefined) counted[verdict]++;
    const answer = () => {
      if (verdict === "banned") return response.writeHead(403).end("banned");
      if (verdict === "refused")
        return response
          .writeHead(
            status,
            retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) },
          )
          .end("too many requests");
      onServed?.();
      const path = request.url ?? "/";
      if (path.endsWith("/")) {
        response.setHeader("content-type", "application/json");
        return response.end(path === "/" ? root : page);
      }
      response.writeHead(200, { "content-length": body.byteLength, "last-modified": modified });
      return response.end(request.method === "HEAD" ? undefined : body);
    };
    if (latency === undefined) answer();
    else setTimeout(answer, latency[0] + (latency[1] - latency[0]) * Math.random());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seconds };
}

function rows(count: number, row: (n: number) => object): object[] {
  return Array.from({ length: count }, (_, n) => ({ ...row(n), mtime: modified }));
}

export interface Use {
  /** Requests per second that were served. */
  readonly served: number;
  /** The share of all requests that were refused. */
  readonly refusedShare: number;
  /** Times that everything was refused. */
  readonly bans: number;
}

/** Returns the use of the limit, from one second to another. */
export function useOf(seconds: readonly SecondOfSite[], from: number, to: number): Use {
  const some = seconds.slice(from, to);
  const sum = (of: keyof SecondOfSite) => some.reduce((total, second) => total + second[of], 0);
  const served = sum("served");
  const refused = sum("refused") + sum("banned");
  return {
    served: served / some.length,
    refusedShare: refused / (served + refused),
    bans: countBans(seconds),
  };
}

/** A ban lasts until something is served again. */
function countBans(seconds: readonly SecondOfSite[]): number {
  let bans = 0;
  let isBanned = false;
  for (const { banned, served } of seconds) {
    if (banned > 0 && !isBanned) bans++;
    isBanned = banned > 0 || (isBanned && served === 0);
  }
  return bans;
}
