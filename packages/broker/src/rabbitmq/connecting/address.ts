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
function parseAddress(text: string): Address | undefined {
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

/** Addresses that one variable may hold. */
const mostAddresses = 16;

/** What is wrong with a text that `parseAddresses` does not accept. */
export const addressRule = `must be amqp:// or amqps:// URLs such as amqp://user:password@host/vhost (special characters as %XX): one, or up to ${mostAddresses} of the nodes of one cluster, separated by blanks, with the same user and vhost`;

/**
 * Reads one address, or several that are separated by blanks: those of the nodes of one cluster.
 * Returns `undefined` if one of them is no AMQP URL, or if they have different users or vhosts.
 */
export function parseAddresses(text: string): readonly [Address, ...Address[]] | undefined {
  const texts = text.trim().split(/\s+/, mostAddresses + 1);
  const addresses = texts.flatMap((one) => parseAddress(one) ?? []);
  const [first, ...others] = addresses;
  if (first === undefined || addresses.length < texts.length || texts.length > mostAddresses)
    return undefined;
  const isSame = ({ user, vhost }: Address) => user === first.user && vhost === first.vhost;
  return others.every(isSame) ? [first, ...others] : undefined;
}

/** Throws TypeError. Its message leaves the text out, because the text holds a password. */
export function addressesOf(text: string): readonly [Address, ...Address[]] {
  const addresses = parseAddresses(text);
  if (addresses === undefined) throw new TypeError(`the address of the broker ${addressRule}`);
  return addresses;
}
