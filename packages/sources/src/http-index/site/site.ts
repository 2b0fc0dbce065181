import { type ByteRange, SourceError } from "@brigade/core";
import { type DirectSource, directSource } from "../../direct/direct-source.ts";
import type { HttpClient, Origin } from "../../http/client.ts";
import { crossOriginVisitorHeaders, visitorHeaders } from "../../http/fetch-variables.ts";
import type { Remedies } from "../../http/origins/route.ts";
import { isSameOrigin } from "../../http/origins/same-origin.ts";
import { refusal } from "../../http/reading/refusal.ts";
import type { HttpResponse } from "../../http/reading/response.ts";
import { followRedirects, isRedirect, type Redirect, targetOf } from "../../http/redirects.ts";
import { encodePath } from "../../http/requests/encode.ts";
import { freshHeaders, rangeHeaders } from "../../http/requests/request-headers.ts";
import type { Pacing } from "../../pacing/pacing.ts";
import type { Purpose } from "../../pacing/turns/turn.ts";
import type { SiteConfig } from "./config.ts";
import { decode } from "./indexed-directory.ts";

/** The settings that help when a web server refuses a source. */
const webRemedies: Remedies = {
  address: "the URL",
  unauthorized: "SITE_USER and SITE_PASSWORD",
  forbidden: "some need REFERER or USER_AGENT",
};

const mostRedirects = 5;
/** Connections beyond those for bodies: for pages and metadata. */
const besideBodies = 32;

/** An answer. */
export interface SiteAnswer {
  readonly response: HttpResponse;
  /** The URL of the answer, if the site redirected us to another of its addresses. */
  readonly redirected?: URL;
}

export interface Asked {
  readonly accept?: string;
  readonly range?: ByteRange | undefined;
  readonly purpose?: Purpose;
  /** No cache on the way may answer. */
  readonly fresh?: boolean | undefined;
}

/**
 * Requests to one web site, by path. A redirect is followed within its host only, with any scheme
 * and port; what is configured for the site (user, password, headers, the Referer) goes to its own
 * origin.
 */
export class Site {
  readonly #client: HttpClient;
  readonly #origin: Origin;
  readonly #config: SiteConfig;
  readonly #headers: readonly string[];

  constructor(client: HttpClient, config: SiteConfig) {
    this.#client = client;
    this.#config = config;
    this.#origin = client.origin(config.origin, config.FETCH_CONCURRENCY.most + besideBodies, webRemedies);
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

  /**
   * `path`: decoded, without a leading slash. Returns a 2xx answer; throws SourceError for all
   * others.
   */
  async ask(
    method: "GET" | "HEAD",
    path: string,
    { accept = "*/*", range, purpose, fresh }: Asked,
    signal: AbortSignal,
  ): Promise<SiteAnswer> {
    const what = ["accept", accept, ...rangeHeaders(range), ...freshHeaders(fresh)];
    const headers = [...what, ...this.#headers];
    const target = `/${encodePath(path)}`;
    const response = await this.#origin.send(method, target, headers, signal, purpose);
    if (response.status < 300) return { response };
    if (isRedirect(response))
      return await this.#follow(target, response, (to, hop, own) =>
        to.send(method, hop, [...what, ...own], signal, purpose),
      );
    throw await refusal(response, this.shown(path), Date.now());
  }

  /** How threads of volumes ask for files. */
  direct(pacing: Pacing): DirectSource | undefined {
    return directSource({
      ...{ origin: this.#origin, pacing, config: this.#config, adapter: "web" },
      headers: ["accept", "*/*", ...this.#headers],
    });
  }

  urlOf(path: string): URL {
    return new URL(`${this.#origin.name}/${encodePath(path)}`);
  }

  /** For messages. */
  shown(path: string): string {
    return `${this.#origin.name}/${path}`;
  }

  /**
   * `send`: sends the same request for another path, perhaps to another of the site's addresses.
   */
  async #follow(
    target: string,
    first: HttpResponse,
    send: (to: Origin, path: string, own: readonly string[]) => Promise<HttpResponse>,
  ): Promise<SiteAnswer> {
    const start = new URL(this.#origin.name + target);
    const options = { scope: "object", remedies: webRemedies, isNamed: true } as const;
    const { at, response } = await followRedirects(start, first, {
      next: (redirect) => this.#next(redirect),
      send: (to) => {
        const origin = this.#client.otherOrigin(to.origin, options);
        return send(origin, to.pathname + to.search, this.#headersFor(start, to));
      },
    });
    if (response.status < 300) return { response, redirected: at };
    throw await refusal(response, start.origin + start.pathname, Date.now());
  }

  #headersFor(start: URL, url: URL): readonly string[] {
    if (isSameOrigin(start, url)) return this.#headers;
    return ["accept-encoding", "identity", ...crossOriginVisitorHeaders(this.#config, url)];
  }

  #next({ from, location, status, hops }: Redirect<URL>): URL {
    if (location !== undefined && addsSlash(from, location)) return new URL(`${from.pathname}/`, from);
    const to = targetOf(from, location);
    const refuse = (why: string) =>
      new SourceError("forbidden", `${from.origin}${from.pathname}: ${why}`, { status });
    if (to === undefined) throw refuse("a redirect to nowhere");
    if (hops >= mostRedirects) throw refuse(`more than ${mostRedirects} redirects`);
    const isDowngrade = from.protocol === "https:" && to.protocol === "http:";
    if (to.hostname !== from.hostname || isDowngrade)
      throw refuse(`a redirect to ${to.origin}, which is another site`);
    return to;
  }
}

/**
 * Returns whether a redirect only adds the slash of a directory, with any escaping or none. Servers
 * that are reached by another name or port than their own redirect to their own: the directory is
 * at the requested address.
 */
function addsSlash(from: URL, location: string): boolean {
  const path = location.replace(/^(https?:)?\/\/[^/]*/i, "");
  const directory = `${decode(from.pathname)}/`;
  return path === directory || decode(path) === directory;
}
