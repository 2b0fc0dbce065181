import type { Message } from "@brigade/core";
import type { Message as RawMessage } from "amqplib";
import { isFromLedger, isFromLister, keys } from "../topology/exchanges.ts";
import { authorHeader } from "./headers.ts";

/**
 * The users of downloaders, as deploy/broker/start.sh makes them: one for all hosts, or one for
 * each.
 */
const downloader = /^brigade-downloader(?:-(?<host>.+))?$/;

/** What came, and by which exchange. */
export interface Received {
  readonly fields: Pick<RawMessage["fields"], "exchange" | "routingKey">;
  readonly properties: Pick<RawMessage["properties"], "headers" | "userId">;
}

/**
 * The user that has published something; "" where it does not say. The broker takes a `user_id`
 * from that user alone.
 */
export function userOf({ userId }: Received["properties"]): string {
  return typeof userId === "string" ? userId : "";
}

/**
 * Who made a message; "" where nobody can tell. Whoever gives a message back names its author in a
 * header. It is believed where the ledger and the admin alone may write. `isDivided`: whether the
 * source's exchanges are divided by who may write; where they are not, it is believed of all users
 * but downloaders.
 */
export function authorOf({ fields, properties }: Received, isDivided: boolean): string {
  const user = userOf(properties);
  const named = authorHeader(properties.headers);
  if (named === undefined || isBelieved(fields)) return named ?? user;
  return isDivided || user === "" || downloader.test(user) ? user : named;
}

/**
 * Whether the one who gave it back may name its author: of directories, which they may make as
 * well, listers may, too.
 */
function isBelieved({ exchange, routingKey }: Received["fields"]): boolean {
  return isFromLedger(exchange) || (isFromLister(exchange) && routingKey === keys.directories);
}

/**
 * Who made a dead letter: everybody puts them there, and what services say of them is believed, but
 * not what downloaders say.
 */
export function authorOfLetter(letter: Received): string {
  return authorOf(letter, false);
}

export interface Rules {
  /** What has no author is not believed, whatever it is. */
  readonly isRequired: boolean;
  readonly isDivided: boolean;
}

/**
 * Why a message is not believed; `undefined`: it is. Directories and pages are told by listers, the
 * ledger and the operator; results of a host by its own user, where it has one.
 */
export function disbelief(
  message: Message,
  author: string,
  { fields: { exchange } }: Pick<Received, "fields">,
  { isRequired, isDivided }: Rules,
): string | undefined {
  const { type } = message;
  if (type === "files") return undefined;
  if (author === "") {
    if (isRequired) return `nobody says who made this ${type} (user_id), and REQUIRE_USER_ID is set`;
    const isOpen = type === "result" || !isDivided || isFromLister(exchange);
    return isOpen
      ? undefined
      : `nobody says who made this ${type} (user_id), and it came where everybody may write`;
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
