import { ConfigError, type Environment } from "@brigade/core";
import { isExcepted } from "./exceptions.ts";
import { type ProxyServer, parseProxy, proxyRule } from "./proxy-server.ts";

/** The proxies of requests. */
export interface Proxies {
  /** For requests of either scheme; `undefined` for none. */
  readonly http: ProxyServer | undefined;
  readonly https: ProxyServer | undefined;
  /** Hosts that are reached directly, as NO_PROXY has them. */
  readonly except: string;
}

export const noProxies: Proxies = { http: undefined, https: undefined, except: "" };

/**
 * One rule for all requests, as in curl: HTTP_PROXY for http, HTTPS_PROXY for https, ALL_PROXY for
 * both, NO_PROXY for direct hosts; each in lower case first. With `prefix`, variables that begin
 * with it (`PHOTOS_ALL_PROXY`) count before all others. Throws ConfigError, which never shows the
 * proxy's password.
 */
export function configuredProxies(environment: Environment, prefix?: string): Proxies {
  const proxy = (...names: readonly string[]) => {
    const found = find(names, environment, prefix);
    return found && toProxy(found.name, found.text);
  };
  return {
    http: proxy("HTTP_PROXY", "ALL_PROXY"),
    https: proxy("HTTPS_PROXY", "ALL_PROXY"),
    except: exceptions(environment, prefix),
  };
}

/**
 * The same with a flag, which counts before all variables but NO_PROXY; empty: no proxy. Throws
 * ConfigError.
 */
export function chooseProxies(asked: string | undefined, environment: Environment): Proxies {
  if (asked === undefined) return configuredProxies(environment);
  const proxy = asked.trim() === "" ? undefined : toProxy("--proxy", asked);
  return { http: proxy, https: proxy, except: exceptions(environment) };
}

/** Returns the proxy on the way to this URL; `undefined` if there is none. */
export function proxyFor(url: URL, { http, https, except }: Proxies): ProxyServer | undefined {
  const proxy = url.protocol === "https:" ? https : http;
  return proxy === undefined || isExcepted(url, except) ? undefined : proxy;
}

function toProxy(setBy: string, text: string): ProxyServer {
  const url = parseProxy(text);
  if (url === undefined) throw new ConfigError([`${setBy}: ${proxyRule}`]);
  return { url, setBy };
}

function exceptions(environment: Environment, prefix?: string): string {
  return find(["NO_PROXY"], environment, prefix)?.text ?? "";
}

/** The first of these variables that is set. */
function find(
  names: readonly string[],
  environment: Environment,
  prefix: string | undefined,
): { readonly name: string; readonly text: string } | undefined {
  const spelled = names.flatMap((name) => [name.toLowerCase(), name]);
  const all = prefix === undefined ? spelled : [...spelled.map((name) => `${prefix}_${name}`), ...spelled];
  for (const name of all) {
    const text = environment[name]?.trim();
    if (text) return { name, text };
  }
  return undefined;
}
