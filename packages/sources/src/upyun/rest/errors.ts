import { SourceError } from "@brigade/core";
import { domainMeaning, type Meaning, restMeaning, sameUri } from "./codes.ts";
import type { ErrorReply } from "./error-reply.ts";

/** The refusal of a REST request, for `what` ("list photos/", "get a.jpg"). */
export function restError(reply: ErrorReply, what: string): SourceError {
  return sourceError(reply.ofPace ?? restMeaning(reply.status, reply.code), reply, what);
}

/** The refusal of a request to the public domain, without asking the store about the object. */
export function domainError(reply: ErrorReply, what: string): SourceError {
  return sourceError(reply.ofPace ?? domainMeaning(reply.status, reply.code), reply, what);
}

function sourceError([kind, words]: Meaning, reply: ErrorReply, what: string): SourceError {
  const { status, text, code, retryAfterMs, ofPace } = reply;
  return new SourceError(kind, `${what}: ${words} (${text})`, {
    status,
    retryAfterMs,
    isGuess: ofPace !== undefined,
    scope: code === sameUri ? "object" : reply.scopeByPace,
  });
}
