import type { Message } from "@brigade/core";
import type { MessageProperties } from "amqplib";
import { authorHeader } from "./headers.ts";

/** The users of downloaders, as deploy/broker/start.sh makes them: one for all hosts, or one for each. */
const downloader = /^brigade-downloader(?:-(?<host>.+))?$/;

type Properties = Pick<MessageProperties, "headers" | "userId">;

/**
 * Who made a message; "" where nobody can tell. The broker takes a `user_id` from that user alone. A service that gives a
 * message back names its author in a header. That header is not believed from downloaders: only what they make themselves is judged.
 */
export function authorOf({ headers, userId }: Properties): string {
  const user = typeof userId === "string" ? userId : "";
  if (user === "" || downloader.test(user)) return user;
  return authorHeader(headers) ?? user;
}

/**
 * Why a message is not believed; `undefined`: it is. Directories and pages are told by listers, the ledger and the operator;
 * results of a host by its own user, where it has one. `isRequired`: what has no author is not believed either.
 */
export function disbelief(message: Message, properties: Properties, isRequired: boolean): string | undefined {
  const { type } = message;
  if (type === "files") return undefined;
  const author = authorOf(properties);
  if (author === "") {
    return isRequired ? `nobody says who made this ${type} (user_id), and REQUIRE_USER_ID is set` : undefined;
  }
  const match = downloader.exec(author);
  if (match === null) return undefined;
  if (type !== "result") return `the user ${author} may not tell of a ${type}`;
  return ofHost(author, message.host);
}

/** Why a user may not speak for a host; `undefined`: it may. */
export function ofHost(user: string, host: string): string | undefined {
  const own = downloader.exec(user)?.groups?.host;
  return own === undefined || own === host
    ? undefined
    : `the user ${user} may not speak for the host ${host}`;
}
