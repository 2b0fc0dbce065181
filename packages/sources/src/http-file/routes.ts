import { Agent, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from "undici";
import { Exchange, type HttpResponse } from "../http/exchange.ts";
import { TappedConnections } from "../http/tapped-connections.ts";
import { type Proxies, proxyFor } from "./proxies.ts";
import { routeError } from "./route-error.ts";

export interface RouteOptions {
  readonly proxies: Proxies;
  /** Certificates are not checked. */
  readonly insecure: boolean;
  readonly connectTimeoutMs: number;
  /** Longest wait for an answer's headers, and between two pieces of its body. */
  readonly silenceTimeoutMs: number;
}

/** Bytes of a body for which a connection of its own, that no request follows on, is no waste. */
const worthAConnection = 1024 * 1024;

/** Connections to servers: direct ones, and those through each proxy. As many at once as there are requests. */
export class Routes implements AsyncDisposable {
  readonly #options: RouteOptions;
  /** By the proxy's URL; empty: directly. */
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #tapped: TappedConnections;

  constructor(options: RouteOptions) {
    this.#options = options;
    this.#tapped = new TappedConnections(options);
  }

  /**
   * One request, its answer; redirects are answers. `headers`: name, value, name, value… `expected`: bytes of the body, as
   * far as that is known. Rejects with SourceError.
   */
  async get(url: URL, headers: string[], signal: AbortSignal, expected = 0): Promise<HttpResponse> {
    const { silenceTimeoutMs } = this.#options;
    const proxy = proxyFor(url, this.#options.proxies);
    const request = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: "GET" as const,
      headers,
      headersTimeout: silenceTimeoutMs,
      bodyTimeout: silenceTimeoutMs,
    };
    try {
      if (proxy === undefined && expected >= worthAConnection)
        return await this.#tapped.send(request, signal);
      const dispatcher = this.#dispatcher(proxy);
      return await new Promise((resolve, reject) => {
        const exchange = new Exchange(url.origin, signal, resolve, reject);
        if (!signal.aborted) dispatcher.dispatch(request, exchange);
      });
    } catch (error) {
      throw routeError(error, url);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const dispatchers = [...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy());
    await Promise.all([...dispatchers, this.#tapped[Symbol.asyncDispose]()]);
  }

  #dispatcher(proxy: URL | undefined): Dispatcher {
    const key = proxy?.href ?? "";
    const dispatcher = this.#dispatchers.get(key) ?? this.#create(proxy);
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  #create(proxy: URL | undefined): Dispatcher {
    const { insecure, connectTimeoutMs } = this.#options;
    const tls = { rejectUnauthorized: !insecure };
    const common = { allowH2: false, connectTimeout: connectTimeoutMs };
    if (proxy === undefined) return new Agent({ ...common, connect: tls });
    if (proxy.protocol === "socks5:")
      return quietly(() => new Socks5ProxyAgent(proxy, { ...common, requestTls: tls }));
    return new ProxyAgent({ ...common, uri: proxy.href, requestTls: tls });
  }
}

/** undici warns on stderr that its SOCKS5 is young; our users cannot do anything about that. */
function quietly<T>(create: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return create();
  } finally {
    process.emitWarning = emitWarning;
  }
}
