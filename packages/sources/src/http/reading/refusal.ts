import { type FaultScope, SourceError, type SourceErrorKind } from "@brigade/core";
import { isTooMuch, verdictOn } from "../../pacing/turns/turn.ts";
import { speaksTlsFault } from "../faults/explain.ts";
import { refusedTunnel } from "../faults/proxy-fault.ts";
import { clientCertificate } from "../faults/tls-fault.ts";
import type { Remedies, Route } from "../origins/route.ts";
import { readText } from "./read-text.ts";
import { type HttpResponse, header } from "./response.ts";
import { retryAfterMs } from "./retry-after.ts";

/**
 * Returns a status without bytes as an error; its body is dropped. `what`: the URL for messages.
 */
export async function refusal(response: HttpResponse, what: string, nowMs: number): Promise<SourceError> {
  const { status, statusText, headers, route, turn } = response;
  const ofRoute = routeRefusal(response, await explainingText(response));
  if (ofRoute !== undefined) return ofRoute;
  const waitMs = retryAfterMs(headers, nowMs);
  turn?.judge(verdictOn(status), waitMs);
  const ofPace = meaningOfPace(response);
  const [kind, words] = ofPace ?? meaning(status, statusText, route.remedies);
  const isGuess = ofPace !== undefined;
  const scope = scopeByPace(response);
  return new SourceError(kind, `${what}: ${status}: ${words}`, {
    status,
    retryAfterMs: waitMs,
    isGuess,
    scope,
  });
}

/** The body is read only if it may show that the port is wrong. */
async function explainingText({ status, body, route }: HttpResponse): Promise<string> {
  if (status === 400 && !route.hasWorked) return await readText(body);
  body.cancel();
  return "";
}

/**
 * Returns the error of an answer that is not about the requested object: a proxy's own, or a
 * server's answer to the wrong protocol. `text`: its body. `undefined` for all others.
 */
export function routeRefusal(response: HttpResponse, text: string): SourceError | undefined {
  const { route, status } = response;
  if (isProxys(response)) {
    response.turn?.judge("broken");
    return refusedTunnel(status, route);
  }
  return (
    unownedLoss(response) ?? (status === 400 && !route.hasWorked ? mistakenPort(text, route) : undefined)
  );
}

/** A 404 from an unknown sender, by which an object would count as vanished. */
function unownedLoss({ route, status, headers }: HttpResponse): SourceError | undefined {
  if ((status !== 404 && status !== 410) || !route.mayBeProxys(header(headers, "server"))) return undefined;
  return new SourceError(
    "forbidden",
    `${route.name}: status ${status}, which may be the word of ${route.proxyName}: nothing that looks like this has come from the server itself in this run`,
    { status },
  );
}

/** Returns whether a proxy that got a request for an http:// URL answers for itself. */
function isProxys({ route, status, headers }: HttpResponse): boolean {
  if (!route.isReadByProxy) return false;
  if (status === 407) return true;
  // Its other refusals are of single URLs.
  if (status !== 403 && status < 500) return false;
  if (headers["x-squid-error"] !== undefined) return true;
  return /^tinyproxy\b/i.test(header(headers, "server") ?? "");
}

/**
 * The text of nginx, Apache and Go, with status 400, for requests to a TLS port without TLS, or
 * without a certificate.
 */
function mistakenPort(text: string, route: Route): SourceError | undefined {
  if (route.name.startsWith("http:")) return speaksTls.test(text) ? speaksTlsFault(route) : undefined;
  return wantsCertificate.test(text) ? route.lasting(clientCertificate) : undefined;
}

const speaksTls = /plain HTTP request was sent|HTTP request to an HTTPS|SSL-enabled (server )?port/i;
const wantsCertificate = /(SSL|client) certificate/i;

/**
 * Returns the kind of a refusal by the state of the server's pace, after it was judged; `undefined`
 * if the status decides. 503 may be an outage or a rate limit: it is a limit while others are
 * served, and more are refused than single objects would be.
 */
export function meaningOfPace({ status, turn }: HttpResponse): [SourceErrorKind, string] | undefined {
  if (turn?.finding === "ban")
    return ["banned", "the server has banned us for a while, since it was asked too much"];
  if (turn?.finding === "haste" && status === 503)
    return ["throttled", "the server refuses some requests, and serves others: it limits them, most likely"];
  return undefined;
}

/** One object is refused each time, while others are served: that is no rate limit. */
export function scopeByPace({ turn }: HttpResponse): FaultScope | undefined {
  return turn?.finding === "own" ? "object" : undefined;
}

function meaning(status: number, statusText: string, remedies: Remedies): [SourceErrorKind, string] {
  const { unauthorized = "give them", forbidden = "check what the server requires" } = remedies;
  if (isTooMuch(status)) return ["throttled", "too many requests"];
  switch (status) {
    case 401:
      return ["unauthorized", `the server requires a user and a password: ${unauthorized}`];
    case 403:
      return ["forbidden", `the server refuses us; ${forbidden}`];
    case 404:
    case 410:
      return ["missing", "there is no such file"];
    case 407:
      return ["misconfigured", "the server answers as a proxy does: is it one?"];
    default: {
      const words = statusText.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, 100) || "not what was asked for";
      return [status === 408 || status === 425 || status >= 500 ? "unavailable" : "forbidden", words];
    }
  }
}
