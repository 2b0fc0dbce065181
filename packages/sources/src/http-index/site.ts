import { type ByteRange, SourceError } from "@brigade/core";
import type { HttpClient, Origin } from "../http/client.ts";
import { encodePath } from "../http/encode.ts";
import { type HttpResponse, header } from "../http/exchange.ts";
import { visitorHeaders } from "../http/fetch-variables.ts";
import { rangeHeaders } from "../http/range-headers.ts";
import { refusal } from "../http/refusal.ts";
import type { Purpose } from "../pacing/turn.ts";
import { webRemedies } from "../web/remedies.ts";
import type { SiteConfig } from "./config.ts";

const redirects = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;
/** Connections beyond those for bodies: for pages and metadata. */
const besideBodies = 32;

/** An answer. */
export interface SiteAnswer {
  readonly response: HttpResponse;
  /** Whose it is, where the site sent us to another of its addresses. */
  readonly redirected?: URL;
}

export interface Asked {
  readonly accept?: string;
  readonly range?: ByteRange | undefined;
  readonly purpose?: Purpose;
}

/** Requests to one web site, by path. A redirect is followed within its host only, over whatever scheme and port. */
export class Site {
  readonly #client: HttpClient;
  readonly #origin: Origin;
  readonly #headers: readonly string[];

  constructor(client: HttpClient, config: SiteConfig) {
    this.#client = client;
    this.#origin = client.origin(config.origin, config.FETCH_CONCURRENCY + besideBodies, webRemedies);
    const { SITE_USER: user, SITE_PASSWORD: password = "" } = config;
    this.#headers = [
      "accept-encoding",
      "identity",
      ...visitorHeaders(config),
      ...(user === undefined
        ? []
        : ["authorization", `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`]),
    ];
  }

  /** `path`: decoded, without a leading slash. Gives a 2xx answer; throws SourceError for all others. */
  async ask(
    method: "GET" | "HEAD",
    path: string,
    { accept = "*/*", range, purpose }: Asked,
    signal: AbortSignal,
  ): Promise<SiteAnswer> {
    const headers = ["accept", accept, ...this.#headers, ...rangeHeaders(range)];
    const target = `/${encodePath(path)}`;
    const response = await this.#origin.send(method, target, headers, signal, purpose);
    if (response.status < 300) return { response };
    if (redirects.has(response.status)) return await this.#follow(method, target, response, headers, signal);
    throw await refusal(response, this.shown(path), Date.now());
  }

  urlOf(path: string): URL {
    return new URL(`${this.#origin.name}/${encodePath(path)}`);
  }

  /** For messages. */
  shown(path: string): string {
    return `${this.#origin.name}/${path}`;
  }

  async #follow(
    method: "GET" | "HEAD",
    target: string,
    first: HttpResponse,
    headers: string[],
    signal: AbortSignal,
  ): Promise<SiteAnswer> {
    const start = new URL(this.#origin.name + target);
    let [url, response] = [start, first];
    for (let hops = 0; redirects.has(response.status); hops++) {
      response.body.cancel();
      url = this.#next(url, header(response.headers, "location"), response.status, hops);
      response = await this.#client
        .elsewhere(url.origin, { scope: "object", remedies: webRemedies })
        .send(method, url.pathname + url.search, headers, signal);
    }
    if (response.status < 300) return { response, redirected: url };
    throw await refusal(response, start.origin + start.pathname, Date.now());
  }

  #next(from: URL, location: string | undefined, status: number, hops: number): URL {
    const to =
      location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
    const refuse = (why: string) =>
      new SourceError("forbidden", `${from.origin}${from.pathname}: ${why}`, { status });
    if (to === undefined || !/^https?:$/.test(to.protocol)) throw refuse("a redirect to nowhere");
    if (hops >= mostRedirects) throw refuse(`more than ${mostRedirects} redirects`);
    // The credentials in our headers are this host's.
    const isDowngrade = from.protocol === "https:" && to.protocol === "http:";
    if (to.hostname !== from.hostname || isDowngrade)
      throw refuse(`a redirect to ${to.origin}, which is another site`);
    return to;
  }
}
