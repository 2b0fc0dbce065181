import { type ByteRange, SourceError } from "@brigade/core";
import type { HttpClient } from "../http/client.ts";
import type { Remedies } from "../http/origins/route.ts";
import { refusal } from "../http/reading/refusal.ts";
import type { HttpResponse } from "../http/reading/response.ts";
import { isRedirectToPage, softError } from "../http/reading/soft-error.ts";
import { freshHeaders, rangeHeaders } from "../http/requests/request-headers.ts";
import type { Purpose } from "../pacing/turns/turn.ts";
import { CookieJar } from "../web/cookies.ts";
import { follow } from "../web/follow.ts";
import { type HeaderSettings, requestHeaders } from "../web/request-headers.ts";
import { shown } from "../web/shown.ts";
import type { ListConfig } from "./config.ts";
import { HostHealth } from "./host-health.ts";

const remedies: Remedies = {
  address: "the list's URL",
  unauthorized: "https://user:password@… in the list",
  forbidden: "some need REFERER or USER_AGENT",
};

interface Asked {
  readonly range?: ByteRange | undefined;
  readonly purpose?: Purpose;
  /** No cache on the way may answer. */
  readonly fresh?: boolean | undefined;
}

/**
 * Requests to listed URLs. Redirects are followed; user and password of a URL are sent to its own
 * host only.
 */
export class ListedUrls {
  readonly #client: HttpClient;
  readonly #headers: HeaderSettings;
  readonly #health = new HostHealth();

  constructor(client: HttpClient, { USER_AGENT, REFERER, EXTRA_HEADERS }: ListConfig) {
    this.#client = client;
    const headers: [string, string][] = [];
    for (let at = 0; at < EXTRA_HEADERS.length; at += 2)
      headers.push([EXTRA_HEADERS[at] ?? "", EXTRA_HEADERS[at + 1] ?? ""]);
    this.#headers = { userAgent: USER_AGENT, referer: REFERER, headers, cookies: new CookieJar() };
  }

  /** Returns the number of hosts in the list. */
  set hosts(hosts: number) {
    this.#health.hosts = hosts;
  }

  /** Returns a 2xx answer. Throws SourceError for all others. */
  async get(url: URL, asked: Asked, signal: AbortSignal): Promise<HttpResponse> {
    const { last, response } = await this.#send(url, asked, signal);
    if (response.status >= 300) throw await this.#refused(url, response);
    if (isRedirectToPage(url, last, response)) {
      response.body.cancel();
      throw softError(shown(url), "a redirect to an HTML page in place of the file");
    }
    return response;
  }

  /**
   * Returns an answer with the object's headers, past caches. Asks for the first byte, because some
   * servers (and signatures) do not support HEAD. If that is refused, asks for the whole object:
   * some servers refuse ranges, with a 404 or another status.
   */
  async look(url: URL, signal: AbortSignal): Promise<HttpResponse> {
    const asked = { purpose: "metadata", fresh: true } as const;
    const { response } = await this.#send(url, { ...asked, range: { from: 0, to: 0 } }, signal);
    if (response.status < 300 || response.status === 416) return response;
    const refused = await this.#refused(url, response);
    if (refused.kind !== "missing" && refused.kind !== "forbidden") throw refused;
    return await this.get(url, asked, signal);
  }

  async #refused(url: URL, response: HttpResponse): Promise<SourceError> {
    const error = await refusal(response, shown(url), Date.now());
    return this.#health.judge(url.origin, error.kind === "unauthorized" ? ofOneObject(error) : error);
  }

  async #send(url: URL, asked: Asked, signal: AbortSignal): Promise<{ last: URL; response: HttpResponse }> {
    const reply = await follow(url, (hop) => this.#ask(hop, url, asked, signal));
    return { last: reply.url, response: reply.response };
  }

  async #ask(
    hop: URL,
    first: URL,
    { range, purpose = "body", fresh }: Asked,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { origin } = hop;
    this.#health.admit(origin);
    const headers = [
      ...requestHeaders(hop, first, this.#headers),
      ...rangeHeaders(range),
      ...freshHeaders(fresh),
    ];
    try {
      const to = this.#client.otherOrigin(origin, { scope: "origin", remedies, isNamed: false });
      const response = await to.send("GET", hop.pathname + hop.search, headers, signal, purpose);
      this.#health.answered(origin);
      return response;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw this.#health.judge(origin, this.#health.failed(origin, error));
    }
  }
}

/** Another URL of the same host may need other credentials. */
function ofOneObject({ kind, message, status }: SourceError): SourceError {
  return new SourceError(kind, message, { status, scope: "object" });
}
