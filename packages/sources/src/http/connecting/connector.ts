import { lookup } from "node:dns";
import { isIP, type OnReadOpts } from "node:net";
import type { Reach } from "../origins/reach.ts";
import { type OpenSocket, Race } from "./race.ts";
import { skippingContinue } from "./skip-continue.ts";
import type { TlsSettings } from "./trust.ts";
import { buildConnector } from "./undici.ts";

/**
 * Milliseconds that a connection without work stays open, also if the server offers more: it uses
 * one of the process's open files.
 */
export const longestIdle = 4_000;

export interface ConnectorSettings {
  /** For the whole: name, addresses, TLS. */
  readonly connectTimeoutMs: number;
  readonly tls: TlsSettings;
}

/** A connection to a server, not to a proxy. */
export interface ServerSettings extends ConnectorSettings {
  readonly reach: Reach;
}

/** Makes every connection: all addresses of a name are tried, and the first that connects is used. */
export function connector({ connectTimeoutMs, tls, reach }: ServerSettings): buildConnector.connector {
  return toFirstAddress(socketOpener(tls), connectTimeoutMs, reach);
}

/** Where an origin's server is. */
export function serverOf(origin: string): buildConnector.Options {
  const { hostname, host, protocol, port } = new URL(origin);
  return { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), host, protocol, port };
}

/** For a socket's constructor. */
export interface SocketOptions {
  readonly onread?: OnReadOpts;
  /** The TLS session of an earlier connection. By default, undici's connector keeps its own. */
  readonly session?: Buffer | undefined;
}

export function socketOpener(tls: TlsSettings, options: SocketOptions = {}): OpenSocket {
  // undici's connector returns the socket, though its type does not say so.
  const openWith = (settings: Partial<TlsSettings>) =>
    buildConnector({
      allowH2: false,
      timeout: 0,
      ...settings,
      ...options,
    }) as unknown as OpenSocket;
  const plain = openWith({});
  let secure: OpenSocket | undefined;
  return (where, done) => {
    if (where.protocol !== "https:") return plain(where, done);
    secure ??= openWith(tls);
    return secure(where, done);
  };
}

/**
 * Connects to the first address that answers ("Happy Eyeballs", RFC 8305). Node itself drops each
 * address but the last after a quarter of a second, which is too short for a slow network. Only
 * addresses that `reach` allows are tried, and exactly the checked address is connected to.
 */
export function toFirstAddress(
  openSocket: OpenSocket,
  connectTimeoutMs: number,
  reach: Reach,
): buildConnector.connector {
  return skippingContinue((where, done) => {
    const { hostname } = where;
    const race = new Race(where, openSocket, done, connectTimeoutMs);
    const run = (addresses: readonly string[]) => {
      try {
        race.run(reach.among(hostname, addresses));
      } catch (error) {
        // The callback must not be called before this function has returned.
        process.nextTick(() => race.fail(error instanceof Error ? error : new Error(String(error))));
      }
    };
    if (isIP(hostname) !== 0) return run([hostname]);
    lookup(hostname, { all: true }, (error, found) => {
      if (error === null) run(found.map(({ address }) => address));
      else race.fail(error);
    });
  });
}
