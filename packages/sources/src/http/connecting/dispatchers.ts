import type { buildConnector, Dispatcher } from "undici";
import { markBeforeProxy } from "../faults/proxy-fault.ts";
import { codeOf } from "../faults/seen.ts";
import { anywhere } from "../origins/reach.ts";
import type { ProxyServer } from "../proxies/proxy-server.ts";
import { Connection } from "./connection.ts";
import { type ConnectorSettings, connector, longestIdle, type ServerSettings } from "./connector.ts";
import { throughSocks } from "./socks.ts";
import { Agent, errors, Pool, ProxyAgent } from "./undici.ts";

export interface DispatcherSettings extends ServerSettings {
  readonly headersTimeoutMs: number;
  /** The greatest number per origin; `undefined` for as many as there are requests. */
  readonly connections: number | undefined;
}

/** Keep-alive connections to one origin that is known beforehand. */
export function directPool(origin: string, settings: DispatcherSettings): Dispatcher {
  return new Pool(origin, { ...common(settings), connect: connector(settings), factory: connection });
}

/** Keep-alive connections to any origins. */
export function directAgent(settings: DispatcherSettings): Dispatcher {
  return agent(settings, connector(settings));
}

/** Connections through a proxy to any origins. */
export function throughProxy(proxy: ProxyServer, settings: DispatcherSettings): Dispatcher {
  const toServer = serverConnector(proxy, settings);
  if (toServer !== undefined) return agent(settings, toServer);
  const toProxy = proxyConnector(settings);
  const { url } = proxy;
  const { headersTimeoutMs: headersTimeout, connectTimeoutMs: connectTimeout, tls: requestTls } = settings;
  const pool = () => new ProxyPool(url.origin, { ...common(settings), headersTimeout, connect: toProxy });
  return new ProxyAgent({
    ...common(settings),
    ...{ uri: url.href, connectTimeout, requestTls, clientFactory: pool },
    // As in curl; privoxy sends the length of altered bodies only with this header.
    headers: { "proxy-connection": "keep-alive" },
    // undici asks the proxy itself for http:// URLs, and the server for https:// ones.
    factory: (origin, options) =>
      String(origin) === url.href ? pool() : new Pool(origin, options as Pool.Options),
  });
}

/**
 * How a server is reached without a proxy that speaks HTTP for it; `undefined` with such a proxy.
 */
export function serverConnector(
  proxy: ProxyServer | undefined,
  settings: ServerSettings,
): buildConnector.connector | undefined {
  if (proxy === undefined) return connector(settings);
  return proxy.url.protocol === "socks5:"
    ? throughSocks(proxy.url, proxyConnector(settings), settings)
    : undefined;
}

/** Connections to an HTTP proxy, which is also asked for tunnels over these. */
class ProxyPool extends Pool {
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return super.dispatch(options, options.method === "CONNECT" ? markingErrors(handler) : handler);
  }
}

function agent(settings: DispatcherSettings, connect: buildConnector.connector): Dispatcher {
  const factory = (origin: string | URL, options: object) =>
    new Pool(origin, { ...options, factory: connection });
  return new Agent({ ...common(settings), connect, factory });
}

const connection = (origin: string | URL, options: object) => new Connection(origin, options);

function common({ connections }: DispatcherSettings) {
  return { allowH2: false, connections: connections ?? null, keepAliveMaxTimeout: longestIdle };
}

/** Connects to a proxy; its failures are marked as the proxy's. */
function proxyConnector(settings: ConnectorSettings): buildConnector.connector {
  // --insecure is about the server: the proxy gets the password.
  const tls = { ...settings.tls, rejectUnauthorized: true };
  const connect = connector({ ...settings, tls, reach: anywhere });
  return ({ servername: _, ...where }, done) =>
    // undici would take an address for a server's name.
    connect(where, (...[error, socket]) => {
      if (error === null) return done(null, socket);
      markBeforeProxy(error);
      done(isOtherName(error) ? new errors.SecureProxyConnectionError(error) : error, null);
    });
}

/**
 * undici would retry after this error without end, because it does not see whose certificate it was.
 */
function isOtherName(error: Error): boolean {
  return codeOf(error) === "ERR_TLS_CERT_ALTNAME_INVALID";
}

/** A wrong answer to CONNECT is the proxy's fault, too. */
function markingErrors(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  const { onResponseError } = handler;
  handler.onResponseError = (controller, error) => {
    markBeforeProxy(error);
    onResponseError?.call(handler, controller, error);
  };
  return handler;
}
