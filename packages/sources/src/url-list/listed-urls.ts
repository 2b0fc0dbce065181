import { type ByteRange, SourceError } from "@brigade/core";
import type { HttpClient } from "../http/client.ts";
import type { HttpResponse } from "../http/exchange.ts";
import { rangeHeaders } from "../http/range-headers.ts";
import { CookieJar } from "../http-file/cookies.ts";
import { follow } from "../http-file/follow.ts";
import { refusal } from "../http-file/replies.ts";
import { type HeaderSettings, requestHeaders } from "../http-file/request-headers.ts";
import { shown } from "../http-file/shown.ts";
import { isPageInPlace } from "../web/page-in-place.ts";
import { webRemedies } from "../web/remedies.ts";
import type { ListConfig } from "./config.ts";
import { HostHealth } from "./host-health.ts";

/** Requests to listed URLs. Redirects are followed; user and password of a URL are told to its own host only. */
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

  /** A 2xx answer. Throws SourceError for all others: of one URL among many, so never one that ends the run. */
  async get(url: URL, range: ByteRange | undefined, signal: AbortSignal): Promise<HttpResponse> {
    const { last, response } = await this.#send(url, range, signal);
    if (response.status >= 300) throw this.#refused(url, response);
    this.#health.answered(url.origin);
    if (isPageInPlace(url, last, response)) {
      response.body.cancel();
      throw new SourceError("forbidden", `${shown(url)}: a redirect to an HTML page in place of the file`);
    }
    return response;
  }

  /** An answer whose headers tell of the object: asks for its first byte, as some servers (and signatures) know no HEAD. */
  async look(url: URL, signal: AbortSignal): Promise<HttpResponse> {
    const { response } = await this.#send(url, { from: 0, to: 0 }, signal);
    if (response.status < 300 || response.status === 416) return response;
    throw this.#refused(url, response);
  }

  #refused(url: URL, response: HttpResponse): SourceError {
    const error = asOneOfMany(refusal(response, shown(url), Date.now(), webRemedies));
    return this.#health.judge(url.origin, error);
  }

  async #send(
    url: URL,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<{ last: URL; response: HttpResponse }> {
    try {
      const reply = await follow(url, (hop) =>
        this.#client
          .elsewhere(hop.origin)
          .send(
            "GET",
            hop.pathname + hop.search,
            [...requestHeaders(hop, url, this.#headers), ...rangeHeaders(range)],
            signal,
          ),
      );
      return { last: reply.url, response: reply.response };
    } catch (error) {
      throw error instanceof SourceError ? this.#health.judge(url.origin, asOneOfMany(error)) : error;
    }
  }
}

/** A host that refuses us, or whose certificate is bad, says nothing of the others; a proxy does. */
function asOneOfMany(error: SourceError): SourceError {
  const isHosts = error.kind === "unauthorized" || (error.kind === "misconfigured" && error.status !== 407);
  if (!isHosts) return error;
  return new SourceError("forbidden", error.message, { status: error.status, cause: error });
}
