import { SourceError } from "@brigade/core";
import type { HttpResponse } from "../http/reading/response.ts";
import { followRedirects, type Redirect, targetOf } from "../http/redirects.ts";
import { shown } from "./shown.ts";

const most = 10;

export interface Reply {
  /** The server of the last answer. */
  readonly url: URL;
  readonly response: HttpResponse;
}

/**
 * Sends a request, and follows redirects to any host. Throws SourceError if they have no target.
 */
export async function follow(start: URL, send: (url: URL) => Promise<HttpResponse>): Promise<Reply> {
  const next = ({ from, location, status, hops }: Redirect<URL>): URL => {
    if (hops >= most) throw new SourceError("forbidden", `${shown(start)}: more than ${most} redirects`);
    const to = targetOf(from, location);
    if (to !== undefined) return to;
    throw new SourceError("forbidden", `${shown(from)}: ${status}: a redirect to nowhere`, { status });
  };
  const { at, response } = await followRedirects(start, await send(start), { next, send });
  return { url: at, response };
}
