import type { DirectAnswer, DirectFault } from "@brigade/core";
import type { buildConnector, Dispatcher } from "undici";
import { Pacing, type PacingOptions } from "../pacing/pacing.ts";
import type { Purpose } from "../pacing/turns/turn.ts";
import {
  type DispatcherSettings,
  directAgent,
  directPool,
  serverConnector,
  throughProxy,
} from "./connecting/dispatchers.ts";
import type { TlsSettings } from "./connecting/trust.ts";
import { Exchange } from "./exchange.ts";
import { FastPool } from "./fast/fast-pool.ts";
import { KnownAnswers, replay } from "./known-answers.ts";
import { LenientClient } from "./lenient/lenient-client.ts";
import { anywhere, NamedHosts, publicOnly, type Reach } from "./origins/reach.ts";
import { remember } from "./origins/remember.ts";
import { type Remedies, Route, type RouteOptions } from "./origins/route.ts";
import { sendPaced } from "./paced-request.ts";
import { type Proxies, proxyFor } from "./proxies/proxies.ts";
import type { ProxyServer } from "./proxies/proxy-server.ts";
import type { HttpResponse } from "./reading/response.ts";
import type { OutgoingRequest } from "./requests/outgoing-request.ts";

export interface HttpClientOptions extends PacingOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Longest pause between two pieces of a body. There is no limit on the whole. */
  readonly silenceTimeoutMs: number;
  readonly proxies: Proxies;
  readonly tls: TlsSettings;
  /**
   * To each origin that was not known beforehand, at most. Default 16. Infinity: as many as there
   * are requests.
   */
  readonly connectionsOfOthers?: number;
  /** Hosts that the user did not name may have private addresses, too. */
  readonly allowPrivate: boolean;
}

/** Sends requests: undici, or the fast path. */
interface Requester {
  dispatch(asked: OutgoingRequest, exchange: Exchange): void;
  destroy(): Promise<void>;
}

/** Of an origin that was not known beforehand. */
export interface OtherOriginOptions extends Omit<RouteOptions, "proxy" | "reach"> {
  /** The user named this host, though maybe with another port: it may have a private address. */
  readonly isNamed: boolean;
}

/** One origin, reached over its own connections. */
export interface Origin {
  /** `http://host:port`. */
  readonly name: string;
  readonly route: Route;
  /** Returns whether the answers for this path are known to be malformed: only `send` reads these. */
  isMalformed(path: string): boolean;
  /**
   * `path` goes over the wire as it is. `headers`: name, value, name, value…; not changed, so may
   * be shared. Waits for its turn. Rejects with SourceError, or AbortError. Redirects are answers
   * like any other. What a 403, 429, 503 or 509 says of our pace is judged by its status, unless
   * `turn` is judged better. `purpose`: by default `metadata` for HEAD, else `body`.
   */
  send(
    method: "GET" | "HEAD",
    path: string,
    headers: string[],
    signal: AbortSignal,
    purpose?: Purpose,
  ): Promise<HttpResponse>;
  /** The next GET of this path, without a range, gets this answer or fault, and sends nothing. */
  leave(path: string, came: DirectAnswer | DirectFault): void;
}

/** Milliseconds for the headers of an answer that is asked for nothing else. */
const longestForMetadata = 10_000;
/** Origins not known beforehand that are kept, with whether they have worked. */
const mostOtherOrigins = 4096;

/**
 * Keep-alive HTTP/1.1: a pool for each origin that is known beforehand, shared ones for all others
 * (redirects, lists).
 */
export class HttpClient implements AsyncDisposable {
  readonly pacing: Pacing;
  readonly #options: HttpClientOptions;
  readonly #lenient = new LenientClient();
  readonly #dispatchers: Requester[] = [];
  /** By proxy, or for direct connections by the addresses that are allowed. */
  readonly #others = new Map<ProxyServer | Reach, Dispatcher>();
  /**
   * Connectors by the same keys; `undefined` for a proxy that speaks HTTP for servers.
   */
  readonly #connectors = new Map<ProxyServer | Reach, buildConnector.connector | undefined>();
  /** Those that were not known beforehand, the latest used last. */
  readonly #otherOrigins = new Map<string, Origin>();
  readonly #named: Reach;
  readonly #foreign: Reach;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.pacing = new Pacing(options);
    this.#named = options.allowPrivate ? anywhere : new NamedHosts();
    this.#foreign = options.allowPrivate ? anywhere : publicOnly;
  }

  /**
   * An origin that gets many requests, over `connections` connections at most. Its faults are those
   * of the whole source.
   */
  origin(name: string, connections: number, remedies: Remedies): Origin {
    const proxy = proxyFor(new URL(name), this.#options.proxies);
    const reach = this.#named;
    const settings = { ...this.#options, connections, reach };
    const dispatcher = this.#keep(
      proxy === undefined
        ? new FastPool(name, settings, directPool(name, settings))
        : throughProxy(proxy, settings),
    );
    return this.#origin(
      new Route(name, { proxy, reach, scope: "source", remedies }),
      dispatcher,
      connections,
    );
  }

  /**
   * An origin that was not known beforehand: a redirect or a list named it. `scope`: which requests
   * share its faults.
   */
  otherOrigin(name: string, options: OtherOriginOptions): Origin {
    const key = options.isNamed ? `named ${name}` : name;
    const origin = this.#otherOrigins.get(key) ?? this.#newOrigin(name, options);
    remember(this.#otherOrigins, key, origin, mostOtherOrigins);
    return origin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lenient[Symbol.dispose]();
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  #create({ proxy, reach }: Route, connections: number | undefined): Dispatcher {
    const settings: DispatcherSettings = { ...this.#options, connections, reach };
    return this.#keep(proxy === undefined ? directAgent(settings) : throughProxy(proxy, settings));
  }

  #keep<R extends Requester>(dispatcher: R): R {
    this.#dispatchers.push(dispatcher);
    return dispatcher;
  }

  #newOrigin(name: string, { isNamed, ...options }: OtherOriginOptions): Origin {
    const proxy = proxyFor(new URL(name), this.#options.proxies);
    const reach = isNamed ? this.#named : this.#foreign;
    const route = new Route(name, { ...options, reach, proxy });
    const { connectionsOfOthers: most = 16 } = this.#options;
    const connections = Number.isFinite(most) ? most : undefined;
    const way = proxy ?? reach;
    const dispatcher = this.#others.get(way) ?? this.#create(route, connections);
    this.#others.set(way, dispatcher);
    return this.#origin(route, dispatcher, connections);
  }

  #connectorOf({ proxy, reach }: Route): buildConnector.connector | undefined {
    const way = proxy ?? reach;
    if (!this.#connectors.has(way))
      this.#connectors.set(way, serverConnector(proxy, { ...this.#options, reach }));
    return this.#connectors.get(way);
  }

  #origin(route: Route, dispatcher: Requester, connections: number | undefined): Origin {
    const { name } = route;
    const timeouts = {
      headersTimeout: this.#options.headersTimeoutMs,
      bodyTimeout: this.#options.silenceTimeoutMs,
      // SOCKS5 connections get this limit from the first request to an origin.
      ...(connections !== undefined && { connections }),
    };
    const ofMetadata = { ...timeouts, headersTimeout: Math.min(timeouts.headersTimeout, longestForMetadata) };
    const connect = this.#connectorOf(route);
    const answers = new KnownAnswers();
    const send: Origin["send"] = (method, path, headers, signal, kind) => {
      const purpose = kind ?? (method === "HEAD" ? "metadata" : "body");
      const limits = purpose === "metadata" ? ofMetadata : timeouts;
      const unreachable = route.unreachable();
      if (unreachable !== undefined) return Promise.reject(unreachable);
      const asked = { origin: name, path, method, headers, ...limits };
      return sendPaced({
        // Looked up per request: if there are many servers, the pace of an idle one is deleted.
        pace: this.pacing.of(name),
        purpose,
        path,
        signal,
        start: (resolve, reject, context) => {
          const exchange = new Exchange(route, signal, resolve, reject, context);
          if (signal.aborted) return exchange;
          const known = answers.take(asked);
          if (known !== undefined) replay(known, exchange);
          else if (connect !== undefined && this.#lenient.serves(asked))
            this.#lenient.dispatch(asked, connect, exchange);
          else dispatcher.dispatch(asked, exchange);
          return exchange;
        },
        isSentLeniently: (error, inBody) =>
          connect !== undefined && this.#lenient.takesOver(asked, error, inBody),
      });
    };
    return {
      name,
      route,
      send,
      isMalformed: (path) => this.#lenient.serves({ origin: name, path }),
      leave: (path, came) => answers.add(path, came),
    };
  }
}
