import { SourceError, type SourceErrorKind } from "@brigade/core";
import { type HttpResponse, header } from "../http/exchange.ts";

/** What the user may do about a refusal. */
export interface Remedies {
  readonly unauthorized: string;
  readonly forbidden: string;
  readonly proxy: string;
}

const flags: Remedies = {
  unauthorized: "https://user:password@…, or --header @file",
  forbidden: "some want --referer",
  proxy: "give it user and password as in --proxy http://user:password@host:port",
};

/** A status that brings no bytes, as an error; its body is dropped. `what`: the URL as it may be shown. */
export function refusal(
  response: HttpResponse,
  what: string,
  nowMs: number,
  remedies: Remedies = flags,
): SourceError {
  response.body.cancel();
  const { status, statusText } = response;
  const [kind, words] = meaning(status, statusText, remedies);
  const retryAfterMs = retryAfter(header(response.headers, "retry-after"), nowMs);
  return new SourceError(kind, `${what}: ${status}: ${words}`, { status, retryAfterMs });
}

function meaning(status: number, statusText: string, remedies: Remedies): [SourceErrorKind, string] {
  switch (status) {
    case 401:
      return ["unauthorized", `the server wants a user and a password: ${remedies.unauthorized}`];
    case 403:
      return ["forbidden", `the server refuses us; ${remedies.forbidden}`];
    case 404:
    case 410:
      return ["missing", "there is no such file"];
    case 407:
      return ["misconfigured", `the proxy refuses us: ${remedies.proxy}`];
    case 429:
      return ["throttled", "too many requests"];
    default: {
      const words = statusText.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, 100) || "not what was asked for";
      return [status === 408 || status === 425 || status >= 500 ? "unavailable" : "forbidden", words];
    }
  }
}

/** Seconds, or a date. Gives milliseconds. */
function retryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
