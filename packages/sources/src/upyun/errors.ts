import { SourceError, type SourceErrorKind } from "@brigade/core";
import type { ErrorReply } from "./error-reply.ts";

/** Where the vendor lists the codes: https://github.com/upyun/docs, sources/api/errno.md. */
const accountCodes = new Set([40100010, 40100011, 40100018, 40100019, 40100020, 40100021]);
const bucketCodes = new Set([40100012, 40100013, 40100014, 40000003]);

/** Too many requests at once for one object. */
const sameUri = 42900002;

/** The refusal of a REST request, for `what` ("list photos/", "get a.jpg"). */
export function restError(reply: ErrorReply, what: string): SourceError {
  const [kind, remedy] = restKind(reply);
  return sourceError(kind, reply, what, remedy);
}

function restKind({ status, code }: ErrorReply): [SourceErrorKind, string?] {
  if (code !== undefined && bucketCodes.has(code))
    return ["misconfigured", "the store has no such bucket, or has closed it: check the name after upyun://"];
  switch (status) {
    case 400:
      return code === 40001005 ? ["bad-cursor"] : ["forbidden"];
    case 401:
      return code === 40100003 ? ["misconfigured", "set UPYUN_AUTH"] : ["unauthorized", unauthorized(code)];
    case 404:
      return ["missing"];
    case 403:
      return code === 40300015 ? ["missing", "a directory has its name now"] : ["forbidden"];
    default:
      return commonKind(status, code);
  }
}

function unauthorized(code: number | undefined): string {
  if (code === 40100002) return "this machine's clock is wrong: set it (NTP)";
  if (code === 40100017) return "the operator has no right to read this bucket: grant it in the console";
  if (code === 40100007 || code === 40100008) return "the operator is blocked";
  if (code !== undefined && accountCodes.has(code)) return "the account is blocked or its bill is overdue";
  return (
    "most likely UPYUN_OPERATOR or UPYUN_PASSWORD is mistyped; if both are right, a proxy on the way changes the " +
    "request's path or date, so that the signature does not fit: try without it, or UPYUN_AUTH=basic"
  );
}

/** What the console can forbid on a domain. */
const domainRules = new Map<number, [SourceErrorKind, string]>([
  [40310002, ["misconfigured", "the domain refuses this machine's region"]],
  [40310003, ["throttled", "the domain limits requests per address"]],
  [40310011, ["misconfigured", "the domain refuses this User-Agent: set USER_AGENT"]],
  [40310012, ["misconfigured", "the domain refuses this machine's address"]],
  [40310013, ["misconfigured", "the domain wants a token: check UPYUN_TOKEN_SECRET and the clock"]],
  [40310014, ["misconfigured", "the domain refuses this Referer: set REFERER"]],
  [40510001, ["misconfigured", "the domain or its service is switched off"]],
  [40510004, ["misconfigured", "the domain or its service is switched off"]],
]);

/** The refusal of a request to the public domain, without regard to what the store says of the object. */
export function domainError(reply: ErrorReply, what: string): SourceError {
  const [kind, remedy] = domainKind(reply);
  return sourceError(kind, reply, what, remedy);
}

function domainKind({ status, code }: ErrorReply): [SourceErrorKind, string?] {
  const rule = code === undefined ? undefined : domainRules.get(code);
  if (rule !== undefined) return rule;
  if (status === 404 || status === 410) return ["missing"];
  if (status === 413) return ["unavailable", "the picture was not ready in time"];
  return commonKind(status, code);
}

/** 503 is an outage as much as a plea to slow down: it stays `unavailable`, and the limit looks at the status. */
function commonKind(status: number, code: number | undefined): [SourceErrorKind, string?] {
  if (status === 429) {
    return code === 42900004 ? ["banned", "the store has banned these requests for a while"] : ["throttled"];
  }
  if (status === 408 || status === 499 || status >= 500) return ["unavailable"];
  if (status === 407) return ["misconfigured", "the proxy wants a user and a password"];
  if (status >= 300 && status < 400) return ["unavailable", "a redirect where none is expected"];
  return ["forbidden"];
}

function sourceError(kind: SourceErrorKind, reply: ErrorReply, what: string, remedy?: string): SourceError {
  const { status, text } = reply;
  const retryAfterMs = reply.retryAfterMs ?? (reply.code === 40310003 ? 60_000 : undefined);
  const message = remedy === undefined ? `${what}: ${text}` : `${what}: ${remedy} (${text})`;
  return new SourceError(kind, message, {
    status,
    retryAfterMs,
    scope: reply.code === sameUri ? "object" : undefined,
  });
}
