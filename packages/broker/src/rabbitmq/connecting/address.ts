import type { Options } from "amqplib";

/** Seconds. A silent peer is given up after two to three of them. */
const heartbeat = 20;

/** Where a broker is and who we are there. Everything but `connect` may be shown to people. */
export interface Address {
  readonly connect: Options.Connect;
  /** With the port, where it is named. */
  readonly host: string;
  readonly user: string;
  readonly vhost: string;
}

/** Undefined for what is no AMQP URL: amqp[s]://user:password@host[:port][/vhost], percent-encoded. */
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

/** Throws TypeError without telling the text: it holds a password. */
export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined)
    throw new TypeError("this is no AMQP URL: amqp[s]://user:password@host[:port][/vhost]");
  return address;
}
