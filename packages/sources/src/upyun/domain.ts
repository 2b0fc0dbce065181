import type { ByteRange, ObjectKey } from "@brigade/core";
import type { HttpClient, Origin } from "../http/client.ts";
import { encodePath } from "../http/encode.ts";
import { type HttpResponse, header } from "../http/exchange.ts";
import { rangeHeaders } from "../http/range-headers.ts";
import { type ErrorReply, printable, readErrorReply } from "./error-reply.ts";
import { allowedHop, type Hop } from "./redirect.ts";
import type { StoreTime } from "./signature.ts";
import { tokenQuery } from "./token.ts";

const mostHops = 3;
const remedies = { address: "UPYUN_DOMAIN" };

export interface DomainOptions {
  /** `https://host`. */
  readonly origin: string;
  readonly connections: number;
  /** Sent with every request: name, value, name, value… Never credentials. */
  readonly headers: readonly string[];
  /** What divides a key from a version, `!`, `-` or `_`. */
  readonly separator: string;
  readonly tokenSecret?: string | undefined;
}

/** A redirect that must not be followed: most likely to the picture or page of an error. */
export interface Refused {
  readonly redirect: string;
}

/** Objects through the bucket's public host name: a CDN, with its caches, rules and redirects. */
export class Domain {
  readonly #client: HttpClient;
  readonly #origin: Origin;
  readonly #headers: string[];
  readonly #separator: string;
  readonly #tokenSecret: string | undefined;
  readonly #time: StoreTime;

  constructor(client: HttpClient, options: DomainOptions, time: StoreTime) {
    this.#client = client;
    this.#origin = client.origin(options.origin, options.connections, remedies);
    this.#headers = ["accept", "*/*", "accept-encoding", "identity", ...options.headers];
    this.#separator = options.separator;
    this.#tokenSecret = options.tokenSecret;
    this.#time = time;
  }

  /** The CDN cuts keys at the separator, and takes `!!` for a list of files to be put together. */
  canName(key: ObjectKey): boolean {
    return !key.includes(this.#separator) && !key.includes("!!");
  }

  /** `version` with its separator, or empty. Gives a response of status 2xx, or what came in its place. */
  async get(
    key: ObjectKey,
    version: string,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse | ErrorReply | Refused> {
    const secret = this.#tokenSecret;
    const query = secret === undefined ? "" : tokenQuery(secret, `/${key}${version}`, this.#time.now());
    const headers = range === undefined ? this.#headers : [...this.#headers, ...rangeHeaders(range)];
    const target = `/${encodePath(key)}${version}${query}`;
    const response = await this.#origin.send("GET", target, headers, signal);
    if (response.status < 300) return response;
    if (!isRedirect(response)) return await readErrorReply(response, this.#time.now());
    return await this.#follow({ origin: this.#origin.name, target }, response, headers, signal);
  }

  async #follow(
    start: Hop,
    first: HttpResponse,
    headers: string[],
    signal: AbortSignal,
  ): Promise<HttpResponse | ErrorReply | Refused> {
    let response = first;
    let hop = start;
    for (let hops = 0; isRedirect(response); hops++) {
      response.body.cancel();
      const location = header(response.headers, "location");
      const next = hops < mostHops ? allowedHop(hop, location) : undefined;
      if (next === undefined) return { redirect: printable(location ?? "nowhere").replace(/\?.*$/, "") };
      hop = next;
      response = await this.#client
        .elsewhere(hop.origin, { scope: "object", remedies })
        .send("GET", hop.target, headers, signal);
    }
    if (response.status < 300) return response;
    return await readErrorReply(response, this.#time.now());
  }
}

function isRedirect({ status }: HttpResponse): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

export function isRefused(answer: HttpResponse | ErrorReply | Refused): answer is Refused {
  return "redirect" in answer;
}
