import type { SourceError } from "@brigade/core";
import type { Route } from "../origins/route.ts";
import { connectionFault, type Party } from "./connection-fault.ts";
import { closed, codeOf, silent } from "./seen.ts";
import { SocksError } from "./socks-error.ts";
import { tlsFault } from "./tls-fault.ts";

/** Errors that came about on the way to the proxy, not behind it. */
const beforeProxy = new WeakSet<Error>();

export function markBeforeProxy(error: Error): void {
  beforeProxy.add(error);
}

/** Returns the fault or refusal of the proxy; `undefined` if it is not the proxy's. */
export function proxyFault(error: Error, outer: Error, route: Route): SourceError | undefined {
  const { proxy } = route;
  if (proxy === undefined) return undefined;
  const who = `${route.proxyName}: `;
  const party: Party = { who, setBy: proxy.setBy, scope: "source" };
  if (beforeProxy.has(error) || beforeProxy.has(outer))
    return (
      connectionFault(error, outer, route, party) ??
      tlsFault(error, route, party) ??
      talkFault(error, route, who)
    );
  const status = statusOf(outer);
  if (status !== undefined) return refusedTunnel(status, route, outer);
  return error instanceof SocksError ? socksFault(error, route, who) : undefined;
}

/** There is a connection to the proxy, and it sends no valid answer. */
function talkFault(error: Error, route: Route, who: string): SourceError {
  const seen = { cause: error, scope: "source" } as const;
  if (closed.has(codeOf(error))) return route.passing(`${who}${words.closed}`, seen);
  if (silent.has(codeOf(error))) return route.passing(`${who}${words.silent}`, seen);
  if (error.name === "HTTPParserError") return route.lasting(`${who}${words.noHttp}`, seen);
  return route.passing(`${who}${error.message}`, seen);
}

const words = {
  closed: "it closes the connection without an answer: is it a proxy of this kind?",
  silent: "it does not answer in time: is it a proxy of this kind?",
  noHttp: "it speaks no HTTP: is it a proxy of this kind?",
};

/** The status in undici's message for an answer to CONNECT, or for a 407. */
function statusOf({ message }: Error): number | undefined {
  if (message.startsWith("Proxy Authentication Required")) return 407;
  const [, status] = /^Proxy response \((\d{3})\)/.exec(message) ?? [];
  return status === undefined ? undefined : Number(status);
}

/** Any answer of the proxy itself, in place of passing the request on. */
export function refusedTunnel(status: number, route: Route, cause?: unknown): SourceError {
  const { host, hostname } = new URL(route.name);
  const seen = { cause, status };
  if (status === 407 || status === 401)
    return route.lasting(
      `${route.proxyName} refuses our user and password, or requires them: ${loginRemedy(route)}`,
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
  Failure: ["passing", "does not reach"],
  NotAllowed: ["lasting", "refuses by its rules to connect to"],
  NetworkUnreachable: ["passing", "has no way (network unreachable) to"],
  HostUnreachable: ["passing", "has no way (host unreachable) to"],
  ConnectionRefused: ["passing", "says that nothing listens (connection refused) on"],
  TTLExpired: ["passing", "got no answer in time from"],
  CommandNotSupported: ["lasting", "cannot connect to anything, so not to"],
  AddressNotSupported: ["lasting", "does not accept addresses of the kind of"],
};

function socksFault(error: SocksError, route: Route, who: string): SourceError {
  const seen = { cause: error, scope: "source" } as const;
  switch (error.kind) {
    case "replied": {
      const [fault, said] = replies[error.reply ?? ""] ?? ["passing", "does not connect to"];
      return route[fault](`${route.proxyName} ${said} ${new URL(route.name).host} (SOCKS5)`, {
        cause: error,
      });
    }
    case "login":
      return refusedTunnel(407, route, error);
    case "version":
      return route.lasting(`${who}it is no SOCKS5 proxy: http:// meant?`, seen);
    case "closed":
    case "silent":
      return route.passing(`${who}${words[error.kind]}`, seen);
    case "broken":
      return route.passing(`${who}${error.message}`, seen);
  }
}
