import type { ByteRange, ObjectKey } from "@brigade/core";
import { type DirectSource, directSource } from "../../direct/direct-source.ts";
import type { HttpClient, Origin } from "../../http/client.ts";
import {
  crossOriginVisitorHeaders,
  type FetchVariables,
  type Routed,
  visitorHeaders,
} from "../../http/fetch-variables.ts";
import { isSameOrigin } from "../../http/origins/same-origin.ts";
import type { HttpResponse } from "../../http/reading/response.ts";
import { followRedirects, type Redirect } from "../../http/redirects.ts";
import { encodePath } from "../../http/requests/encode.ts";
import { rangeHeaders } from "../../http/requests/request-headers.ts";
import type { Pacing } from "../../pacing/pacing.ts";
import type { Notices } from "../../reference/notices.ts";
import { type ErrorReply, printable, readErrorReply } from "../rest/error-reply.ts";
import type { StoreTime } from "../rest/signature.ts";
import { allowedHop, type Hop, isDowngrade } from "./redirect.ts";
import { tokenQuery } from "./token.ts";

const mostHops = 3;
const remedies = { address: "UPYUN_DOMAIN" };

const common = ["accept", "*/*", "accept-encoding", "identity"];

/** A redirect that must not be followed: most likely to the picture or page of an error. */
export interface Refused {
  readonly redirect: string;
}

/** What of the source's configuration decides how the public host name is asked. */
export interface DomainConfig extends FetchVariables {
  /** The separator between a key and a version. */
  readonly separator: string;
  readonly UPYUN_TOKEN_SECRET?: string | undefined;
}

/** Objects through the bucket's public host name: a CDN, with its caches, rules and redirects. */
export class Domain {
  readonly #client: HttpClient;
  readonly #config: DomainConfig;
  readonly #origin: Origin;
  readonly #url: URL;
  /** Headers without credentials. */
  readonly #headers: string[];
  readonly #time: StoreTime;
  readonly #notices: Notices;

  /** `origin`: `https://host`. */
  constructor(client: HttpClient, origin: string, config: DomainConfig, time: StoreTime, notices: Notices) {
    this.#client = client;
    this.#config = config;
    this.#origin = client.origin(origin, config.FETCH_CONCURRENCY.most, remedies);
    this.#url = new URL(origin);
    this.#headers = [...common, ...visitorHeaders(config)];
    this.#time = time;
    this.#notices = notices;
  }

  /** How threads of volumes ask for originals; `undefined` if each URL is signed. */
  direct(pacing: Pacing, config: DomainConfig & Routed): DirectSource | undefined {
    if (config.UPYUN_TOKEN_SECRET !== undefined) return undefined;
    return directSource({
      ...{ origin: this.#origin, pacing, config, adapter: "upyun", headers: this.#headers },
      misreads: (key) => !this.canName(key),
    });
  }

  /** The CDN cuts keys at the separator, and reads `!!` as a list of files to be joined. */
  canName(key: ObjectKey): boolean {
    return !key.includes(this.#config.separator) && !key.includes("!!");
  }

  /**
   * `version` with its separator, or empty. Returns a response of status 2xx, or the answer in its
   * place.
   */
  async get(
    key: ObjectKey,
    version: string,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse | ErrorReply | Refused> {
    const secret = this.#config.UPYUN_TOKEN_SECRET;
    const query = secret === undefined ? "" : tokenQuery(secret, `/${key}${version}`, this.#time.now());
    const headers = range === undefined ? this.#headers : [...this.#headers, ...rangeHeaders(range)];
    const target = `/${encodePath(key)}${version}${query}`;
    const response = await this.#origin.send("GET", target, headers, signal);
    if (response.status < 300) return response;
    if (!isRedirect(response)) return await readErrorReply(response, this.#time.now());
    return await this.#follow({ origin: this.#origin.name, target }, response, rangeHeaders(range), signal);
  }

  async #follow(
    start: Hop,
    first: HttpResponse,
    range: readonly string[],
    signal: AbortSignal,
  ): Promise<HttpResponse | ErrorReply | Refused> {
    try {
      const { response } = await followRedirects(start, first, {
        isRedirect,
        next: (redirect) => this.#next(redirect),
        send: (hop) => this.#send(hop, range, signal),
      });
      if (response.status < 300) return response;
      return await readErrorReply(response, this.#time.now());
    } catch (error) {
      if (!(error instanceof NotFollowed)) throw error;
      return { redirect: printable(error.location ?? "nowhere").replace(/\?.*$/, "") };
    }
  }

  #next({ from, location, hops }: Redirect<Hop>): Hop {
    const allowPrivate = this.#config.ALLOW_PRIVATE;
    const next = hops < mostHops ? allowedHop(from, location, { allowPrivate }) : undefined;
    if (isDowngrade(from, location)) this.#reportDowngrade();
    if (next === undefined) throw new NotFollowed(location);
    return next;
  }

  /**
   * Follows redirects to any address: another origin gets nothing that was configured for the
   * domain.
   */
  async #send({ origin, target }: Hop, range: readonly string[], signal: AbortSignal): Promise<HttpResponse> {
    const url = new URL(origin);
    const isNamed = url.hostname === this.#url.hostname;
    const headers = isSameOrigin(this.#url, url)
      ? this.#headers
      : [...common, ...crossOriginVisitorHeaders(this.#config, url)];
    return await this.#client
      .otherOrigin(origin, { scope: "object", remedies, isNamed })
      .send("GET", target, [...headers, ...range], signal);
  }

  #reportDowngrade(): void {
    const { host } = this.#url;
    this.#notices.once(
      `UPYUN_DOMAIN: ${host} redirects from https to http, which is not followed: these objects come by the REST API, image versions fail (UPYUN_DOMAIN=http://${host} allows it)`,
    );
  }
}

class NotFollowed extends Error {
  readonly location: string | undefined;

  constructor(location: string | undefined) {
    super("a redirect that must not be followed");
    this.location = location;
  }
}

/** A CDN's 300, 305 and 306 are refused as redirects, too. */
function isRedirect({ status }: HttpResponse): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

export function isRefused(answer: HttpResponse | ErrorReply | Refused): answer is Refused {
  return "redirect" in answer;
}
