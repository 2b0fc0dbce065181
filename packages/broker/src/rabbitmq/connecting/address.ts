import type { Options } from "amqplib";

/** Seconds. A peer that sends nothing is given up after two to three heartbeats. */
const heartbeat = 20;

/**
 * Where a broker is, and as which user we connect. Only `connect` holds the password: the rest may
 * be shown.
 */
export interface Address {
  readonly connect: Options.Connect;
  /** With the port, if the URL has one. */
  readonly host: string;
  readonly user: string;
  readonly vhost: string;
}

/**
 * Returns `undefined` if the text is no AMQP URL: amqp[s]://user:password@host[:port][/vhost],
 * percent-encoded.
 */
export function parseAddress(text: string): Address | undefined {
  const url = URL.parse(text);
  if (url === null || !/^amqps?:$/.test(url.protocol) || url.hostname === "") return undefined;
  if (url.search !== "" || url.hash !== "") return undefined;
  try {
    const user = decodeURIComponent(url.username) || "guest";
    const vhost = decodeURIComponent(url.pathname.slice(1)) || "/";
    return {
      host: url.host,
      user,
      vhost,
      connect: {
        protocol: url.protocol.slice(0, -1),
        hostname: url.hostname.replace(/^\[|\]$/g, ""),
        ...(url.port === "" ? {} : { port: Number(url.port) }),
        username: user,
        password: url.username === "" ? "guest" : decodeURIComponent(url.password),
        vhost: encodeURIComponent(vhost),
        heartbeat,
      },
    };
  } catch {
    return undefined; // a stray % that encodes nothing
  }
}

/** Throws TypeError. Its message leaves the text out, because the text holds a password. */
export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined)
    throw new TypeError("this is no AMQP URL: amqp[s]://user:password@host[:port][/vhost]");
  return address;
}
