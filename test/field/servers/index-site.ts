import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request in its own way; returns `false` where the site is to answer as usual. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface IndexSite extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** `GET /a.bin`, in the order of the requests. */
  readonly requests: readonly string[];
  /** Handles requests before the site answers as usual. */
  answer: Answer;
  /** When a file was modified, Unix seconds; all of them at first in 2024. */
  readonly modified: Map<string, number>;
  /** Returns how often a request came. */
  times(request: string): number;
}

export const usual: Answer = () => false;

/**
 * A web server that has files of three bytes in one directory, whose index page has sizes and times
 * as nginx writes them.
 */
export async function startIndexSite(names: readonly string[], directory = "/"): Promise<IndexSite> {
  const requests: string[] = [];
  const modified = new Map(names.map((name) => [name, Date.UTC(2024, 0, 1) / 1000]));
  const page = () => {
    const rows = [...modified].map(([name, at]) => `<a href="${name}">${name}</a>   ${rowDate(at)}   3`);
    return `<title>Index of ${directory}</title><h1>Index of ${directory}</h1><pre>${rows.join("\n")}</pre>`;
  };
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (site.answer(request, response)) return;
    if (request.url === directory) {
      response.writeHead(200, { "content-type": "text/html" }).end(page());
      return;
    }
    const name = (request.url ?? "").slice(directory.length);
    const at = request.url?.startsWith(directory) ? modified.get(name) : undefined;
    if (at === undefined) response.writeHead(404, { "content-length": 0 }).end();
    else sendFile(request, response, at);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const site: IndexSite = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    modified,
    answer: usual,
    times: (wanted) => requests.filter((one) => one === wanted).length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return site;
}

/** Refuses these paths with this status, for every method, or only for GET. */
export function refusing(status: number, paths: (path: string) => boolean, { getOnly = false } = {}): Answer {
  return ({ method, url = "" }, response) => {
    if (!paths(url) || (getOnly && method !== "GET")) return false;
    response.writeHead(status, { "content-length": 0 }).end();
    return true;
  };
}

function sendFile({ method, headers }: IncomingMessage, response: ServerResponse, at: number): void {
  const isRange = headers.range === "bytes=0-0";
  const body = isRange ? "a" : "abc";
  response.writeHead(isRange ? 206 : 200, {
    "content-length": body.length,
    "last-modified": new Date(at * 1000).toUTCString(),
    ...(isRange && { "content-range": "bytes 0-0/3" }),
  });
  response.end(method === "HEAD" ? "" : body);
}

/** `01-Jan-2024 00:00`, as nginx writes it. */
function rowDate(at: number): string {
  const [, day, month, year, time] =
    /(\d{2}) (\w{3}) (\d{4}) (\d{2}:\d{2})/.exec(new Date(at * 1000).toUTCString()) ?? [];
  return `${day}-${month}-${year} ${time}`;
}
