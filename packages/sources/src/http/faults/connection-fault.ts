import type { FaultScope, SourceError } from "@brigade/core";
import type { Route } from "../origins/route.ts";
import { codeOf } from "./seen.ts";
import { outcomesOf } from "./unreached.ts";

/** The result of an attempt to connect: words, and if waiting may help. */
interface Meaning {
  readonly words: string;
  /** `broken`: only this request. */
  readonly fault: "lasting" | "passing" | "broken";
}

/** The side that failed. */
export interface Party {
  /** `the proxy …: `, or empty for the server. */
  readonly who: string;
  /** The setting that has its address. */
  readonly setBy: string;
  /** By default the route's. */
  readonly scope?: FaultScope;
}

/**
 * Returns the error of a connection that was not made; `undefined` for other errors. `outer`: the
 * caught error, which may be about several addresses; `error` is that of one of them.
 */
export function connectionFault(
  error: Error,
  outer: Error,
  route: Route,
  party: Party,
): SourceError | undefined {
  const { who, setBy, ...scope } = party;
  const meaning = meaningOf(error, setBy, route.hasWorked);
  if (meaning === undefined) return undefined;
  const words = `${who}${meaning.words}${outcomesOf(outer)}`;
  return route[meaning.fault](words, { cause: error, ...scope });
}

function meaningOf(error: Error, setBy: string, hasWorked: boolean): Meaning | undefined {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return {
        words: `nothing listens on this port (connection refused): is the server running? Check ${setBy}`,
        fault: "passing",
      };
    case "ENOTFOUND":
      return { words: `there is no host of this name (DNS: not found): check ${setBy}`, fault: "lasting" };
    case "EAI_AGAIN":
    case "EAI_FAIL":
      return {
        words: "the name cannot be looked up now: check this machine's network and DNS",
        fault: "passing",
      };
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "ENETDOWN":
    case "EHOSTDOWN":
    case "EADDRNOTAVAIL":
      return {
        words: `no way leads there from this machine (${code}): check its network, and ${setBy}`,
        fault: "passing",
      };
    case "EACCES":
    case "EPERM":
      return {
        words: `this machine's own firewall forbids the connection (${code}): allow it`,
        fault: "passing",
      };
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
      return {
        words: `no connection came about in time (${timeOf(error)}): is the host up, does a firewall drop it? Check ${setBy}`,
        // If the route has worked before, one lost packet must not stop everything.
        fault: hasWorked ? "broken" : "passing",
      };
    default:
      return undefined;
  }
}

/** Returns the waiting time and the addresses, in words. */
function timeOf(error: Error): string {
  const [, tried, ms] = /attempted: (.*), timeout: (\d+)ms/.exec(error.message) ?? [];
  if (ms !== undefined) return `${Number(ms) / 1000} s, tried ${tried}`;
  return /timeout: \d+ ?ms/.exec(error.message)?.[0] ?? codeOf(error);
}
