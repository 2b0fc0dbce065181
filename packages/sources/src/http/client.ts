import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import { Exchange, type HttpResponse } from "./exchange.ts";

/** Proxies by the scheme of the request; none where absent. */
export interface ProxySettings {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** Hosts that are reached directly: commas or spaces between them, `*` for all. */
  readonly except?: string | undefined;
}

export interface HttpClientOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Longest pause between two pieces of a body. There is no limit on the whole. */
  readonly silenceTimeoutMs: number;
  readonly proxies: ProxySettings;
  /** To each origin that was not known beforehand, at most. Default 16. */
  readonly connectionsElsewhere?: number;
}

/** One origin, reached over its own connections. */
export interface Origin {
  /** `http://host:port`. */
  readonly name: string;
  /**
   * `path` goes over the wire as it is. `headers`: name, value, name, value…; not changed, so may be shared.
   * Rejects with SourceError, or AbortError. Redirects are answers like any other.
   */
  send(method: "GET" | "HEAD", path: string, headers: string[], signal: AbortSignal): Promise<HttpResponse>;
}

/** Keep-alive HTTP/1.1: a pool for each origin that is known beforehand, an agent for all others (redirects). */
export class HttpClient implements AsyncDisposable {
  readonly #options: HttpClientOptions;
  readonly #dispatchers: Dispatcher[] = [];
  #others: Dispatcher | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** An origin that much is asked of, with at most so many connections. */
  origin(name: string, connections: number): Origin {
    const { proxies } = this.#options;
    const proxied =
      (name.startsWith("https:") ? (proxies.https ?? proxies.http) : proxies.http) !== undefined;
    return origin(name, this.#keep(proxied ? this.#proxy(connections) : this.#pool(name, connections)));
  }

  /** An origin that was not known beforehand: a redirect or a list named it. */
  elsewhere(name: string): Origin {
    this.#others ??= this.#keep(this.#proxy(this.#options.connectionsElsewhere ?? 16));
    return origin(name, this.#others);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  #keep(dispatcher: Dispatcher): Dispatcher {
    this.#dispatchers.push(dispatcher);
    return dispatcher;
  }

  #pool(name: string, connections: number): Dispatcher {
    return new Pool(name, { ...this.#settings(), connections });
  }

  #proxy(connections: number): Dispatcher {
    const { http, https, except } = this.#options.proxies;
    if (http === undefined && https === undefined) return new Agent({ ...this.#settings(), connections });
    // Empty texts, because undici would look into process.env itself where a setting is absent.
    return new EnvHttpProxyAgent({
      ...this.#settings(),
      connections,
      httpProxy: http ?? "",
      httpsProxy: https ?? "",
      noProxy: except ?? "",
    });
  }

  #settings() {
    const { connectTimeoutMs, headersTimeoutMs, silenceTimeoutMs } = this.#options;
    return {
      allowH2: false,
      connectTimeout: connectTimeoutMs,
      headersTimeout: headersTimeoutMs,
      bodyTimeout: silenceTimeoutMs,
    };
  }
}

function origin(name: string, dispatcher: Dispatcher): Origin {
  return {
    name,
    send: (method, path, headers, signal) =>
      new Promise((resolve, reject) => {
        const exchange = new Exchange(name, signal, resolve, reject);
        if (!signal.aborted) dispatcher.dispatch({ origin: name, path, method, headers }, exchange);
      }),
  };
}
