import { HttpClient } from "../http/client.ts";
import type { TlsSettings } from "../http/connecting/trust.ts";
import { LargeBodyClient } from "../http/large-bodies/large-body-client.ts";
import type { Remedies } from "../http/origins/route.ts";
import type { Proxies } from "../http/proxies/proxies.ts";
import type { HttpResponse } from "../http/reading/response.ts";

export interface RouteOptions {
  readonly proxies: Proxies;
  readonly tls: TlsSettings;
  readonly connectTimeoutMs: number;
  /** Longest wait for an answer's headers, and between two pieces of its body. */
  readonly silenceTimeoutMs: number;
  /** Redirects may lead to private addresses. */
  readonly allowPrivate: boolean;
}

/**
 * Bodies of at least this number of bytes have a connection of their own, without a later request.
 */
const worthAConnection = 1024 * 1024;

const remedies: Remedies = {
  address: "the URL",
  certificate: "--insecure goes on in spite of that, and trusts any server",
  unauthorized: "https://user:password@…, or --header @file",
  forbidden: "some need --referer",
};

/**
 * Connections to servers: direct ones, and those through each proxy. As many at once as there are
 * requests.
 */
export class Routes implements AsyncDisposable {
  readonly #client: HttpClient;
  readonly #largeBodies: LargeBodyClient;
  readonly #silenceMs: number;

  constructor(options: RouteOptions) {
    const { silenceTimeoutMs } = options;
    this.#silenceMs = silenceTimeoutMs;
    this.#client = new HttpClient({
      ...options,
      headersTimeoutMs: silenceTimeoutMs,
      connectionsOfOthers: Number.POSITIVE_INFINITY,
    });
    this.#largeBodies = new LargeBodyClient(options);
  }

  /**
   * Sends one request and returns its answer; redirects are answers. `first`: the URL that the user
   * named. `headers`: name, value, name, value… `expected`: bytes of the body, if known. Rejects
   * with SourceError.
   */
  async get(
    url: URL,
    first: URL,
    headers: string[],
    signal: AbortSignal,
    expected = 0,
  ): Promise<HttpResponse> {
    const path = url.pathname + url.search;
    const isNamed = url.hostname === first.hostname;
    const { route, send, isMalformed } = this.#client.otherOrigin(url.origin, {
      scope: "origin",
      remedies,
      isNamed,
    });
    if (route.proxy !== undefined || expected < worthAConnection || isMalformed(path))
      return await send("GET", path, headers, signal);
    const timeouts = { headersTimeout: this.#silenceMs, bodyTimeout: this.#silenceMs };
    return await this.#largeBodies.send({ path, method: "GET", headers, ...timeouts }, route, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#client[Symbol.asyncDispose](), this.#largeBodies[Symbol.asyncDispose]()]);
  }
}
