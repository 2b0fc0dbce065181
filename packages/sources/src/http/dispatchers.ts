import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent, Socks5ProxyAgent } from "undici";
import { Connection } from "./connection.ts";
import { markBeforeProxy } from "./faults/proxy-fault.ts";
import type { ProxyServer } from "./proxies.ts";
import type { TlsSettings } from "./trust.ts";

export interface DispatcherSettings {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** To each origin, at most; `undefined`: as many as there are requests. */
  readonly connections: number | undefined;
  readonly tls: TlsSettings;
}

/** Keep-alive connections to one origin that is known beforehand. */
export function directPool(origin: string, settings: DispatcherSettings): Dispatcher {
  return new Pool(origin, { ...common(settings), factory: connection });
}

/** Keep-alive connections to any origins. */
export function directAgent(settings: DispatcherSettings): Dispatcher {
  const factory = (origin: string | URL, options: object) =>
    new Pool(origin, { ...options, factory: connection });
  return new Agent({ ...common(settings), factory });
}

/** Connections through a proxy to any origins. */
export function throughProxy({ url }: ProxyServer, settings: DispatcherSettings): Dispatcher {
  const { connectTimeoutMs, headersTimeoutMs, tls } = settings;
  if (url.protocol === "socks5:") {
    const connect = marking(buildConnector({ allowH2: false, timeout: connectTimeoutMs }));
    return quietly(
      () => new Socks5ProxyAgent(url, { connectTimeout: connectTimeoutMs, connect, requestTls: tls }),
    );
  }
  /** To the proxy, which undici also asks for a tunnel over these. */
  const toProxy = (origin: string | URL, options: object) => {
    const { connect } = options as { connect?: buildConnector.connector };
    return new Pool(origin, {
      ...options,
      ...(connect !== undefined && { connect: marking(connect) }),
      headersTimeout: headersTimeoutMs,
      connections: settings.connections ?? null,
    });
  };
  return new ProxyAgent({
    ...common(settings),
    uri: url.href,
    requestTls: tls,
    // --insecure is about the server: the proxy gets the password.
    proxyTls: { ...tls, rejectUnauthorized: true },
    clientFactory: toProxy,
    factory: (origin, options) =>
      isSame(origin, url) ? toProxy(origin, options) : new Pool(origin, options as Pool.Options),
  });
}

const connection = (origin: string | URL, options: object) => new Connection(origin, options);

function common({ connectTimeoutMs, connections, tls }: DispatcherSettings) {
  return {
    allowH2: false,
    connectTimeout: connectTimeoutMs,
    connections: connections ?? null,
    connect: tls,
  };
}

function isSame(origin: string | URL, proxy: URL): boolean {
  return new URL(origin).href === proxy.href;
}

/** A connector whose failures are known as the proxy's. */
function marking(connect: buildConnector.connector): buildConnector.connector {
  return (options, done) =>
    connect(options, (...[error, socket]) => {
      if (error === null) return done(null, socket);
      markBeforeProxy(error);
      done(error, null);
    });
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
