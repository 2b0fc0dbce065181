import { type Presence, parseBounded, presenceSchema } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import { ofHost, userOf } from "../messages/author.ts";

/** Exists in every vhost. Drops what nobody listens to. */
export const presenceExchange = "amq.topic";
export const presenceKey = "brigade.presence";

/** Bytes of one presence: enough for 1,000 disks with long names. */
const mostBytes = 512 * 1024;

/**
 * Returns the name of the queue of one listener. deploy/broker/start.sh allows these names only.
 */
export function presenceQueue(uuid: string): string {
  return `brigade.presence.${uuid}`;
}

/** How a service is, and the broker's user that sent it; "" if it is not known. */
export interface SaidPresence {
  readonly presence: Presence;
  readonly user: string;
}

/** Throws an Error with what is wrong, for people. */
export function decodePresence({
  content,
  properties,
}: Pick<ConsumeMessage, "content" | "properties">): SaidPresence {
  if (content.byteLength > mostBytes)
    throw new Error(`${content.byteLength} bytes are too many for a presence`);
  const presence = presenceSchema.parse(parseBounded(content));
  const user = userOf(properties);
  const reason = ofHost(user, presence.host);
  if (reason !== undefined) throw new Error(reason);
  return { presence, user };
}
