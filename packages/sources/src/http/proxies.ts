import { BlockList, isIP, isIPv6 } from "node:net";
import { ConfigError, type Environment } from "@brigade/core";

/** A proxy on the way. */
export interface ProxyServer {
  /** Scheme `http:`, `https:` or `socks5:`; may hold a user and a password. */
  readonly url: URL;
  /** The variable or flag that names it: `HTTPS_PROXY`, `--proxy`. */
  readonly setBy: string;
}

/** Through what requests go. */
export interface Proxies {
  /** For requests of either scheme; `undefined`: directly. */
  readonly http: ProxyServer | undefined;
  readonly https: ProxyServer | undefined;
  /** Hosts that are reached directly, as NO_PROXY has them. */
  readonly except: string;
}

export const noProxies: Proxies = { http: undefined, https: undefined, except: "" };

const schemes = new Set(["http:", "https:", "socks5:"]);

/** What a proxy's URL must be, for messages. */
export const proxyRule = "must be http://, https:// or socks5:// with host and port";

/** As curl takes it: the scheme may be left out. `undefined` for what is no proxy's URL. */
export function parseProxy(text: string): URL | undefined {
  const full = text.includes("://") ? text : `http://${text}`;
  // The proxy looks names up in either form of SOCKS.
  const url = URL.canParse(full) ? new URL(full.replace(/^socks(5h)?:/, "socks5:")) : undefined;
  return url !== undefined && schemes.has(url.protocol) && url.hostname !== "" ? url : undefined;
}

/**
 * `asked` (a flag) counts for every host; else HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower case first.
 * Throws ConfigError, which never shows the proxy's password.
 */
export function chooseProxies(asked: string | undefined, environment: Environment): Proxies {
  if (asked === undefined) return configuredProxies(environment);
  const proxy = toProxy("--proxy", asked);
  return { http: proxy, https: proxy, except: "" };
}

/** Throws ConfigError. */
export function configuredProxies(environment: Environment): Proxies {
  const read = (name: string) => environment[name]?.trim() || undefined;
  const proxy = (...names: string[]): ProxyServer | undefined => {
    const name = names.flatMap((one) => [one.toLowerCase(), one]).find((one) => read(one) !== undefined);
    return name === undefined ? undefined : toProxy(name, read(name) ?? "");
  };
  return {
    http: proxy("HTTP_PROXY", "ALL_PROXY"),
    https: proxy("HTTPS_PROXY", "ALL_PROXY"),
    except: read("no_proxy") ?? read("NO_PROXY") ?? "",
  };
}

function toProxy(setBy: string, text: string): ProxyServer {
  const url = parseProxy(text);
  if (url === undefined) throw new ConfigError([`${setBy}: ${proxyRule}`]);
  return { url, setBy };
}

/** The proxy on the way to this URL; `undefined`: directly. */
export function proxyFor(url: URL, { http, https, except }: Proxies): ProxyServer | undefined {
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
