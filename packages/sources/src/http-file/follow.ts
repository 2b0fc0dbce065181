import { SourceError } from "@brigade/core";
import type { HttpResponse } from "../http/exchange.ts";
import { locationOf } from "../http/location.ts";
import { shown } from "./shown.ts";

const statuses = new Set([301, 302, 303, 307, 308]);
const most = 10;

export interface Reply {
  /** Who answered in the end. */
  readonly url: URL;
  readonly response: HttpResponse;
}

/** Sends, and goes where redirects lead. Throws SourceError where they lead nowhere. */
export async function follow(start: URL, send: (url: URL) => Promise<HttpResponse>): Promise<Reply> {
  let url = start;
  for (let hops = 0; hops <= most; hops++) {
    const response = await send(url);
    if (!statuses.has(response.status)) return { url, response };
    response.body.cancel();
    url = target(url, locationOf(response.headers), response.status);
  }
  throw new SourceError("forbidden", `${shown(start)}: more than ${most} redirects`);
}

function target(from: URL, location: string | undefined, status: number): URL {
  const to =
    location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol))
    throw new SourceError("forbidden", `${shown(from)}: ${status}: a redirect to nowhere`, { status });
  return to;
}
