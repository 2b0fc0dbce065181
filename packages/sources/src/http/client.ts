import type { Dispatcher } from "undici";
import { Pacing, type PacingOptions } from "../pacing/pacing.ts";
import type { Purpose } from "../pacing/turn.ts";
import { type DispatcherSettings, directAgent, directPool, throughProxy } from "./dispatchers.ts";
import { Exchange, type HttpResponse } from "./exchange.ts";
import { type Proxies, type ProxyServer, proxyFor } from "./proxies.ts";
import { type Remedies, Route, type RouteOptions } from "./route.ts";
import { sendInTurn } from "./send-in-turn.ts";
import type { TlsSettings } from "./trust.ts";

export interface HttpClientOptions extends PacingOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Longest pause between two pieces of a body. There is no limit on the whole. */
  readonly silenceTimeoutMs: number;
  readonly proxies: Proxies;
  readonly tls: TlsSettings;
  /** To each origin that was not known beforehand, at most. Default 16. Infinity: as many as there are requests. */
  readonly connectionsElsewhere?: number;
}

/** One origin, reached over its own connections. */
export interface Origin {
  /** `http://host:port`. */
  readonly name: string;
  readonly route: Route;
  /**
   * `path` goes over the wire as it is. `headers`: name, value, name, value…; not changed, so may be shared.
   * Waits for its turn. Rejects with SourceError, or AbortError. Redirects are answers like any other. What a 403, 429 or 503
   * says of our pace is judged by its status, unless `turn` is told better. `purpose`: by default `metadata` for HEAD, else `body`.
   */
  send(
    method: "GET" | "HEAD",
    path: string,
    headers: string[],
    signal: AbortSignal,
    purpose?: Purpose,
  ): Promise<HttpResponse>;
}

/** Milliseconds for the headers of an answer that is asked for nothing else. */
const longestForMetadata = 10_000;
/** Origins not known beforehand of which is remembered whether they have worked. */
const mostRoutes = 4096;

/** Keep-alive HTTP/1.1: a pool for each origin that is known beforehand, shared ones for all others (redirects, lists). */
export class HttpClient implements AsyncDisposable {
  readonly pacing: Pacing;
  readonly #options: HttpClientOptions;
  readonly #dispatchers: Dispatcher[] = [];
  /** By the proxy that they go through; `undefined`: directly. */
  readonly #others = new Map<ProxyServer | undefined, Dispatcher>();
  readonly #routes = new Map<string, Route>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.pacing = new Pacing(options);
  }

  /** An origin that much is asked of, with at most so many connections. Its faults are those of the whole source. */
  origin(name: string, connections: number, remedies: Remedies): Origin {
    const proxy = proxyFor(new URL(name), this.#options.proxies);
    const settings = { ...this.#options, connections };
    const dispatcher = this.#keep(
      proxy === undefined ? directPool(name, settings) : throughProxy(proxy, settings),
    );
    return this.#origin(new Route(name, { proxy, scope: "source", remedies }), dispatcher, connections);
  }

  /** An origin that was not known beforehand: a redirect or a list named it. `scope`: which requests share its faults. */
  elsewhere(name: string, options: Omit<RouteOptions, "proxy">): Origin {
    const route = this.#route(name, options);
    const { connectionsElsewhere: most = 16 } = this.#options;
    const connections = Number.isFinite(most) ? most : undefined;
    const dispatcher = this.#others.get(route.proxy) ?? this.#create(route.proxy, connections);
    this.#others.set(route.proxy, dispatcher);
    return this.#origin(route, dispatcher, connections);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  #create(proxy: ProxyServer | undefined, connections: number | undefined): Dispatcher {
    const settings: DispatcherSettings = { ...this.#options, connections };
    return this.#keep(proxy === undefined ? directAgent(settings) : throughProxy(proxy, settings));
  }

  #keep(dispatcher: Dispatcher): Dispatcher {
    this.#dispatchers.push(dispatcher);
    return dispatcher;
  }

  /** The latest used stay. */
  #route(name: string, options: Omit<RouteOptions, "proxy">): Route {
    const known = this.#routes.get(name);
    this.#routes.delete(name);
    const route =
      known ?? new Route(name, { ...options, proxy: proxyFor(new URL(name), this.#options.proxies) });
    this.#routes.set(name, route);
    const [oldest] = this.#routes.keys();
    if (this.#routes.size > mostRoutes && oldest !== undefined) this.#routes.delete(oldest);
    return route;
  }

  #origin(route: Route, dispatcher: Dispatcher, connections: number | undefined): Origin {
    const { name } = route;
    const timeouts = {
      headersTimeout: this.#options.headersTimeoutMs,
      bodyTimeout: this.#options.silenceTimeoutMs,
      // For SOCKS5, whose connections are made as the first request to an origin wants.
      ...(connections !== undefined && { connections }),
    };
    const pace = this.pacing.of(name);
    const ofMetadata = { ...timeouts, headersTimeout: Math.min(timeouts.headersTimeout, longestForMetadata) };
    const isAskable = !isPortZero(name);
    const send: Origin["send"] = (method, path, headers, signal, asked) => {
      const purpose = asked ?? (method === "HEAD" ? "metadata" : "body");
      const limits = purpose === "metadata" ? ofMetadata : timeouts;
      if (!isAskable)
        return Promise.reject(route.lasting(`port 0 cannot be asked: check ${route.remedies.address}`));
      return sendInTurn({
        pace,
        purpose,
        signal,
        start: (resolve, reject, held) => {
          const exchange = new Exchange(route, signal, resolve, reject, held);
          if (!signal.aborted)
            dispatcher.dispatch({ origin: name, path, method, headers, ...limits }, exchange);
          return exchange;
        },
      });
    };
    return { name, route, send };
  }
}

/** The system would say that nothing listens there, as if something could. */
function isPortZero(origin: string): boolean {
  return origin.endsWith(":0");
}
