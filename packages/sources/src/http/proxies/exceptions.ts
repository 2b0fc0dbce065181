import { BlockList, isIP } from "node:net";

/** An entry of NO_PROXY, taken apart. */
interface Exception {
  /** As a URL has it: lower case, `[…]` around IPv6. */
  readonly host: string;
  /** For a network: the number of bits that count. */
  readonly bits: number | undefined;
  readonly port: string | undefined;
}

/**
 * Returns whether NO_PROXY names the host of this URL: `*` for all, names with all below them,
 * addresses, networks (`10.0.0.0/8`); each with a port or for every one.
 */
export function isExcepted(url: URL, except: string): boolean {
  const host = withoutDot(url.hostname.toLowerCase());
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return except.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const exception = parseException(entry);
    return exception !== undefined && (exception.port ?? port) === port && covers(exception, host);
  });
}

/**
 * `name`, `address` or `address/bits`, then maybe `:port`, for which IPv6 has to stand in brackets.
 */
function parseException(entry: string): Exception | undefined {
  const [, before = entry, port] = /^([^:]*|\[.*\].*):(\d+)$/.exec(entry) ?? [];
  const [, named = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(before) ?? [];
  const name = unbracketed(named).replace(/^\*?\./, "");
  const text = `http://${name.includes(":") ? `[${name}]` : name}`;
  // A URL has one way to write each name and each address.
  const host = URL.canParse(text) ? withoutDot(new URL(text).hostname) : "";
  return host === "" ? undefined : { host, bits: bits === undefined ? undefined : Number(bits), port };
}

function covers({ host: name, bits }: Exception, host: string): boolean {
  if (bits !== undefined) return isInNetwork(unbracketed(host), unbracketed(name), bits);
  return name === host || (isIP(name) === 0 && host.endsWith(`.${name}`));
}

function isInNetwork(host: string, network: string, bits: number): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || bits > (family === 6 ? 128 : 32)) return false;
  const [networks, type] = [new BlockList(), family === 6 ? "ipv6" : "ipv4"] as const;
  networks.addSubnet(network, bits, type);
  return networks.check(host, type);
}

function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

function withoutDot(host: string): string {
  return host.replace(/\.$/, "");
}
