import { BlockList, isIP, isIPv6 } from "node:net";
import { ConfigError, type Environment } from "@brigade/core";

/** Through what requests go. */
export interface Proxies {
  /** For requests of either scheme; absent: reached directly. */
  readonly http: URL | undefined;
  readonly https: URL | undefined;
  /** Hosts that are reached directly, as NO_PROXY has them. */
  readonly except: string;
}

const schemes = new Set(["http:", "https:", "socks5:"]);

/**
 * `asked` (a flag) counts for every host; else HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower case first.
 * Throws ConfigError, which never shows the proxy's password.
 */
export function chooseProxies(asked: string | undefined, environment: Environment): Proxies {
  if (asked !== undefined) {
    const proxy = parseProxy("--proxy", asked);
    return { http: proxy, https: proxy, except: "" };
  }
  const read = (name: string): string | undefined =>
    environment[name.toLowerCase()]?.trim() || environment[name]?.trim() || undefined;
  const proxy = (...names: string[]): URL | undefined => {
    const name = names.find((one) => read(one) !== undefined);
    return name === undefined ? undefined : parseProxy(name, read(name) ?? "");
  };
  return {
    http: proxy("HTTP_PROXY", "ALL_PROXY"),
    https: proxy("HTTPS_PROXY", "ALL_PROXY"),
    except: read("NO_PROXY") ?? "",
  };
}

function parseProxy(name: string, text: string): URL {
  const full = text.includes("://") ? text : `http://${text}`;
  // The proxy looks names up in either form.
  const url = URL.canParse(full) ? new URL(full.replace(/^socks(5h)?:/, "socks5:")) : undefined;
  if (url === undefined || !schemes.has(url.protocol) || url.hostname === "")
    throw new ConfigError([`${name}: must be http://, https:// or socks5:// with host and port`]);
  return url;
}

/** The proxy on the way to this URL; nothing: directly. */
export function proxyFor(url: URL, { http, https, except }: Proxies): URL | undefined {
  const proxy = url.protocol === "https:" ? https : http;
  return proxy === undefined || isExcepted(url, except) ? undefined : proxy;
}

/** Names with all below them, addresses, networks (`10.0.0.0/8`), `*` for all; each with a port or for every one. */
function isExcepted(url: URL, except: string): boolean {
  const host = url.hostname
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return except
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, bracketed, plain, only] = /^(?:\[([^\]]+)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
      const name = (bracketed ?? plain ?? "").replace(/^\*?\./, "").replace(/\.$/, "");
      if (name === "" || (only !== undefined && only !== port)) return false;
      return name === "*" || name === host || host.endsWith(`.${name}`) || isInNetwork(host, name);
    });
}

function isInNetwork(host: string, network: string): boolean {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
  if (isIP(host) === 0 || isIP(address) !== isIP(host)) return false;
  const family = isIPv6(host) ? "ipv6" : "ipv4";
  if (Number(prefix) > (family === "ipv6" ? 128 : 32)) return false;
  const networks = new BlockList();
  networks.addSubnet(address, Number(prefix), family);
  return networks.check(host, family);
}
