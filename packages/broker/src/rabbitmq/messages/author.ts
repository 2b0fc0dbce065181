import type { Message } from "@brigade/core";
import type { Message as RawMessage } from "amqplib";
import { mayBeOfDownloader } from "../../route.ts";
import { isFromLedger, isFromLister, keys } from "../topology/exchanges.ts";
import { authorHeader } from "./headers.ts";

/**
 * Users of downloaders, as deploy/broker/start.sh makes them: one for all hosts, or one per host.
 */
const downloader = /^brigade-downloader(?:-(?<host>.+))?$/;

/** The parts of a delivery that show who made it: its exchange, its user, its headers. */
export interface Received {
  readonly fields: Pick<RawMessage["fields"], "exchange" | "routingKey">;
  readonly properties: Pick<RawMessage["properties"], "headers" | "userId">;
}

/**
 * Returns the user that has published it; "" if it does not say. The broker takes a `user_id` from
 * that user only.
 */
export function userOf({ userId }: Received["properties"]): string {
  return typeof userId === "string" ? userId : "";
}

/**
 * Returns who made a message; "" if that is not known. A process that gives a message back names
 * its author in a header. The header counts if only the ledger and the admin may write to the
 * exchange. `isDivided`: whether the source's exchanges are divided by who may write. If they are
 * not, the header counts from all users but downloaders.
 */
export function authorOf({ fields, properties }: Received, isDivided: boolean): string {
  const user = userOf(properties);
  const named = authorHeader(properties.headers);
  if (named === undefined || isBelieved(fields)) return named ?? user;
  return isDivided || user === "" || downloader.test(user) ? user : named;
}

/**
 * Whether the user who gave it back may name its author. Listers may for directories, which they
 * may make as well.
 */
function isBelieved({ exchange, routingKey }: Received["fields"]): boolean {
  return isFromLedger(exchange) || (isFromLister(exchange) && routingKey === keys.directories);
}

/**
 * Returns who made a dead letter. All services may publish dead letters: the header counts from
 * all users but downloaders.
 */
export function authorOfLetter(letter: Received): string {
  return authorOf(letter, false);
}

export interface Rules {
  /** Nothing without an author is accepted. */
  readonly isRequired: boolean;
  readonly isDivided: boolean;
}

/**
 * Returns why a message is not accepted; `undefined` if it is. Directories and pages come from
 * listers, the ledger and the operator; results of a host from that host's own user, if it has one.
 */
export function refusalReason(
  message: Message,
  author: string,
  { fields: { exchange } }: Pick<Received, "fields">,
  { isRequired, isDivided }: Rules,
): string | undefined {
  const { type } = message;
  if (type === "files") return undefined;
  if (author === "") {
    if (isRequired) return `nobody says who made this ${type} (user_id), and REQUIRE_USER_ID is set`;
    const isOpen = mayBeOfDownloader(message) || !isDivided || isFromLister(exchange);
    return isOpen
      ? undefined
      : `nobody says who made this ${type} (user_id), and it came where everybody may write`;
  }
  const match = downloader.exec(author);
  if (match === null) return undefined;
  if (!mayBeOfDownloader(message)) return `the user ${author} may not tell of a ${type}`;
  return ofHost(author, message.host);
}

/** Returns why a user may not speak for a host; `undefined` if it may. */
export function ofHost(user: string, host: string): string | undefined {
  const own = downloader.exec(user)?.groups?.host;
  return own === undefined || own === host
    ? undefined
    : `the user ${user} may not speak for the host ${host}`;
}
