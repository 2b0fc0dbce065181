import type { Socket } from "node:net";
import { SocksError } from "../faults/socks-error.ts";
import { proxyLogin } from "../proxies/proxy-server.ts";
import type { ConnectorSettings } from "./connector.ts";
import { buildConnector } from "./undici.ts";

/** Bytes of a name that SOCKS5 has room for (RFC 1928). */
const longestName = 255;

/**
 * Connections to servers through a SOCKS5 proxy, which looks their names up. `toProxy`: connects to
 * the proxy itself.
 */
export function throughSocks(
  proxy: URL,
  toProxy: buildConnector.connector,
  { connectTimeoutMs, tls }: ConnectorSettings,
): buildConnector.connector {
  const overTls = buildConnector({ allowH2: false, timeout: connectTimeoutMs, ...tls });
  return (target, done) => {
    toProxy(placeOf(proxy), (...[error, socket]) => {
      if (error !== null) return done(error, null);
      negotiate(proxy, socket, target, connectTimeoutMs).then(
        (tunnel) => {
          if (target.protocol === "https:") overTls({ ...target, httpSocket: tunnel }, done);
          else done(null, tunnel);
        },
        (fault: Error) => done(fault, null),
      );
    });
  };
}

function placeOf(proxy: URL): buildConnector.Options {
  const hostname = proxy.hostname.replace(/^\[(.*)\]$/, "$1");
  return { hostname, host: proxy.host, protocol: "http:", port: proxy.port || "1080" };
}

async function negotiate(
  proxy: URL,
  socket: Socket,
  { hostname, port, protocol }: buildConnector.Options,
  timeout: number,
): Promise<Socket> {
  if (Buffer.byteLength(hostname) > longestName) throw new SocksError(`the name is too long: ${hostname}`);
  // Loaded only when needed, because loading takes time.
  const { SocksClient } = await import("socks");
  const { user, password } = proxyLogin(proxy);
  const request = {
    command: "connect",
    // Its place is not used: there is a socket already.
    proxy: { host: proxy.hostname, port: 1080, type: 5, userId: user, password },
    destination: { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) },
    existing_socket: socket,
    timeout,
  } as const;
  return await new Promise((resolve, reject) => {
    SocksClient.createConnection(request, (error, tunnel) => {
      // The library's own error contains the password.
      if (tunnel === undefined || error !== null) reject(new SocksError(error?.message ?? "no connection"));
      else resolve(tunnel.socket);
    }).catch(reject);
  });
}
