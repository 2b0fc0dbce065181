import { SourceError } from "@brigade/core";
import { domainMeaning, type Meaning, restMeaning } from "./codes.ts";
import type { ErrorReply } from "./error-reply.ts";

/** Too many requests at once for one object. */
const sameUri = 42900002;
/** Too many requests from one address, counted by the minute. */
const perAddress = 40310003;

/** The refusal of a REST request, for `what` ("list photos/", "get a.jpg"). */
export function restError(reply: ErrorReply, what: string): SourceError {
  return sourceError(restMeaning(reply.status, reply.code), reply, what);
}

/** The refusal of a request to the public domain, without regard to what the store says of the object. */
export function domainError(reply: ErrorReply, what: string): SourceError {
  return sourceError(domainMeaning(reply.status, reply.code), reply, what);
}

function sourceError([kind, words]: Meaning, reply: ErrorReply, what: string): SourceError {
  const { status, text, code } = reply;
  return new SourceError(kind, `${what}: ${words} (${text})`, {
    status,
    retryAfterMs: reply.retryAfterMs ?? (code === perAddress ? 60_000 : undefined),
    scope: code === sameUri ? "object" : undefined,
  });
}
