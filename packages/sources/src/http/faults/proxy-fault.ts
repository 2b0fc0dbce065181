import type { SourceError } from "@brigade/core";
import type { Route } from "../route.ts";
import { connectionFault, type Party } from "./connection-fault.ts";
import { codeOf } from "./seen.ts";
import { tlsFault } from "./tls-fault.ts";

/** Errors that came about on the way to the proxy, not behind it. */
const beforeProxy = new WeakSet<Error>();

export function markBeforeProxy(error: Error): void {
  beforeProxy.add(error);
}

/** What failed at the proxy, or what the proxy refused. `undefined` where it is not the proxy's. */
export function proxyFault(error: Error, outer: Error, route: Route): SourceError | undefined {
  const { proxy } = route;
  if (proxy === undefined) return undefined;
  const who = `${route.proxyName}: `;
  if (beforeProxy.has(error) || beforeProxy.has(outer)) {
    const party: Party = { who, setBy: proxy.setBy, scope: "source" };
    return (
      connectionFault(error, route, party) ??
      tlsFault(error, route, party) ??
      route.passing(`${who}${error.message}`, { cause: error, scope: "source" })
    );
  }
  const status = statusOf(outer);
  if (status !== undefined) return refusedTunnel(status, route, outer);
  if (codeOf(outer) === "UND_ERR_PRX_CONN")
    return route.passing(`${who}it closes the connection without an answer: is it a proxy of this kind?`, {
      cause: outer,
      scope: "source",
    });
  return socksFault(error, route, who);
}

/** Of undici's words for an answer to CONNECT, or for a 407. */
function statusOf({ message }: Error): number | undefined {
  if (message.startsWith("Proxy Authentication Required")) return 407;
  const [, status] = /^Proxy response \((\d{3})\)/.exec(message) ?? [];
  return status === undefined ? undefined : Number(status);
}

/** Whatever the proxy answers in place of passing the request on. */
export function refusedTunnel(status: number, route: Route, cause?: unknown): SourceError {
  const { host, hostname } = new URL(route.name);
  const seen = { cause, status };
  if (status === 407 || status === 401)
    return route.lasting(
      `${route.proxyName} refuses our user and password, or wants some: ${loginRemedy(route)}`,
      { ...seen, scope: "source" },
    );
  if (status >= 500 || status === 429)
    return route.passing(
      `${route.proxyName} does not reach ${host} (status ${status}): is that host up?`,
      seen,
    );
  const past = `or go past it (NO_PROXY=${hostname})`;
  const words =
    status === 403 || status === 451
      ? `refuses to connect to ${host} (status ${status}): its rules must allow that, ${past}`
      : `does not connect to ${host} (status ${status}): is it a proxy for ${new URL(route.name).protocol}//? Try another, ${past}`;
  return route.lasting(`${route.proxyName} ${words}`, seen);
}

function loginRemedy({ proxy }: Route): string {
  const { url, setBy } = proxy ?? { url: undefined, setBy: "HTTP_PROXY" };
  return `${setBy}${setBy.startsWith("-") ? " " : "="}${url?.protocol ?? "http:"}//user:password@host:port`;
}

const replies: Readonly<Record<string, readonly ["lasting" | "passing", string]>> = {
  UND_ERR_SOCKS5_REPLY_1: ["passing", "does not reach"],
  UND_ERR_SOCKS5_REPLY_2: ["lasting", "refuses by its rules to connect to"],
  UND_ERR_SOCKS5_REPLY_3: ["passing", "has no way (network unreachable) to"],
  UND_ERR_SOCKS5_REPLY_4: ["passing", "has no way (host unreachable) to"],
  UND_ERR_SOCKS5_REPLY_5: ["passing", "says that nothing listens (connection refused) on"],
  UND_ERR_SOCKS5_REPLY_6: ["passing", "got no answer in time from"],
  UND_ERR_SOCKS5_REPLY_7: ["lasting", "cannot connect to anything, so not to"],
  UND_ERR_SOCKS5_REPLY_8: ["lasting", "does not take addresses of the kind of"],
};

function socksFault(error: Error, route: Route, who: string): SourceError | undefined {
  const code = codeOf(error);
  // undici has no code of its own for a proxy that wants a login where there is none.
  const wantsLogin = code.startsWith("UND_ERR_SOCKS5_AUTH") || /^Username and password/.test(error.message);
  if (wantsLogin) return refusedTunnel(407, route, error);
  const [fault, words] = replies[code] ?? [];
  const seen = { cause: error };
  if (fault !== undefined)
    return route[fault](`${route.proxyName} ${words} ${new URL(route.name).host} (SOCKS5)`, seen);
  if (code === "UND_ERR_SOCKS5_VERSION" || code === "UND_ERR_SOCKS5_REPLY_VERSION")
    return route.lasting(`${who}it is no SOCKS5 proxy: http:// meant?`, { ...seen, scope: "source" });
  return code.startsWith("UND_ERR_SOCKS5")
    ? route.passing(`${who}${error.message}`, { ...seen, scope: "source" })
    : undefined;
}
