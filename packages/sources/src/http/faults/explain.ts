import { SourceError } from "@brigade/core";
import { reachFault } from "../origins/reach.ts";
import type { Route } from "../origins/route.ts";
import { abortError } from "./cancelled.ts";
import { connectionFault } from "./connection-fault.ts";
import { httpFault, isNoAnswer } from "./http-fault.ts";
import { limitFault } from "./limit-fault.ts";
import { proxyFault } from "./proxy-fault.ts";
import { alertOf, codeOf, rootOf } from "./seen.ts";
import { clientCertificate, tlsFault } from "./tls-fault.ts";
import { probeTls } from "./tls-probe.ts";

const gone = new Set(["UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);

/**
 * Returns a failure of the HTTP client as a SourceError (for a limit of this process: HostError),
 * in words for people. `inBody`: the headers had come already. Errors that are this program's own
 * fault (undici's invalid arguments) are returned unchanged.
 */
export function explain(error: unknown, route: Route, inBody: boolean): Error {
  if (!(error instanceof Error)) return route.broken(String(error));
  const code = codeOf(error);
  // undici aborts too (a proxy that refuses a tunnel): such an abort is a failure.
  const isOurs = error.name === "AbortError" && code !== "UND_ERR_ABORTED";
  if (isOurs || error instanceof SourceError) return error;
  if (gone.has(code)) return abortError(error);
  const root = rootOf(error);
  const found = limitFault(root, route) ?? (inBody ? undefined : beforeAnswer(root, error, route));
  if (found !== undefined) return found;
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return error;
  return httpFault(root, route, inBody) ?? route.broken(root.message || codeOf(root), { cause: error });
}

function beforeAnswer(root: Error, outer: Error, route: Route): SourceError | undefined {
  const site = { who: "", setBy: route.remedies.address };
  return (
    reachFault(root, route) ??
    proxyFault(root, outer, route) ??
    connectionFault(root, outer, route, site) ??
    tlsFault(root, route, site)
  );
}

/**
 * The same before an answer has come. If the failure says little, and nothing has worked on this
 * route yet, the server is asked once more, in TLS: many servers close the connection without a
 * word after a request in the wrong protocol.
 */
export async function explainRefusal(error: unknown, route: Route): Promise<Error> {
  const explained = explain(error, route, false);
  if (!(error instanceof Error) || !(explained instanceof SourceError) || !isPuzzling(error, route))
    return explained;
  const url = new URL(route.name);
  const { speaksTls, demandsCertificate } = await probeTls(url, route.reach);
  if (url.protocol === "http:") return speaksTls ? speaksTlsFault(route, error) : explained;
  return demandsCertificate ? route.lasting(clientCertificate, { cause: error }) : explained;
}

/** Through a proxy the server itself is out of reach. */
function isPuzzling(error: Error, route: Route): boolean {
  if (route.hasWorked || route.proxy !== undefined) return false;
  return isNoAnswer(rootOf(error)) || alertOf(error) === 40;
}

export function speaksTlsFault(route: Route, cause?: unknown): SourceError {
  return route.lasting(`this port speaks TLS: https:// meant? Check ${route.remedies.address}`, { cause });
}
