import { SourceError } from "@brigade/core";
import { domainMeaning, type Meaning, restMeaning } from "./codes.ts";
import type { ErrorReply } from "./error-reply.ts";
import { sameUri } from "./pace-codes.ts";

const banned: Meaning = ["banned", "the store has banned us for a while, since it was asked too much"];

/** The refusal of a REST request, for `what` ("list photos/", "get a.jpg"). */
export function restError(reply: ErrorReply, what: string): SourceError {
  return sourceError(reply.isBan ? banned : restMeaning(reply.status, reply.code), reply, what);
}

/** The refusal of a request to the public domain, without regard to what the store says of the object. */
export function domainError(reply: ErrorReply, what: string): SourceError {
  return sourceError(reply.isBan ? banned : domainMeaning(reply.status, reply.code), reply, what);
}

function sourceError([kind, words]: Meaning, reply: ErrorReply, what: string): SourceError {
  const { status, text, code, retryAfterMs } = reply;
  return new SourceError(kind, `${what}: ${words} (${text})`, {
    status,
    retryAfterMs,
    scope: code === sameUri ? "object" : undefined,
  });
}
