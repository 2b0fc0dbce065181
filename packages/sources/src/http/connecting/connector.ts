import { lookup } from "node:dns";
import { isIP, type OnReadOpts } from "node:net";
import type { Reach } from "../origins/reach.ts";
import { type Begin, Race } from "./race.ts";
import type { TlsSettings } from "./trust.ts";
import { buildConnector } from "./undici.ts";
import { ignoringContinue } from "./without-continue.ts";

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

/** How every connection is made: whatever addresses a name has, the first that answers is taken. */
export function connector({ connectTimeoutMs, tls, reach }: ServerSettings): buildConnector.connector {
  return toAnyAddress(beginner(tls), connectTimeoutMs, reach);
}

/** Where an origin's server is. */
export function serverOf(origin: string): buildConnector.Options {
  const { hostname, host, protocol, port } = new URL(origin);
  return { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), host, protocol, port };
}

/** For a socket's constructor. */
export interface SocketOptions {
  readonly onread?: OnReadOpts;
  /** Of an earlier connection over TLS. By default, the beginner remembers that of its own. */
  readonly session?: Buffer | undefined;
}

export function beginner(tls: TlsSettings, options: SocketOptions = {}): Begin {
  // It gives the socket, which undici's type does not tell.
  const beginWith = (settings: Partial<TlsSettings>) =>
    buildConnector({
      allowH2: false,
      timeout: 0,
      ...settings,
      ...options,
    }) as unknown as Begin;
  const plain = beginWith({});
  let secure: Begin | undefined;
  return (where, done) => {
    if (where.protocol !== "https:") return plain(where, done);
    secure ??= beginWith(tls);
    return secure(where, done);
  };
}

/**
 * Node tries addresses one after the other, and gives each but the last a quarter of a second: on a
 * slow line none answers so soon. Here those that were begun go on while others are tried. Only
 * what `reach` allows is tried: the address that was looked at is the one that is connected to.
 */
export function toAnyAddress(begin: Begin, connectTimeoutMs: number, reach: Reach): buildConnector.connector {
  return ignoringContinue((where, done) => {
    const { hostname } = where;
    const race = new Race(where, begin, done, connectTimeoutMs);
    const run = (addresses: readonly string[]) => {
      try {
        race.run(reach.among(hostname, addresses));
      } catch (error) {
        // Whoever connects expects to be told later.
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
