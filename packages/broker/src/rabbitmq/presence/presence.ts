import { type Presence, parseBounded, presenceSchema } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import { ofHost, userOf } from "../messages/author.ts";

/** Every vhost has it: nothing needs to be made. What nobody listens to, it drops. */
export const presenceExchange = "amq.topic";
export const presenceKey = "brigade.presence";

/** Bytes of one: 1,000 disks with long names need no more. */
const mostBytes = 512 * 1024;

/** For a queue of one listener; deploy/broker/start.sh allows just these names. */
export function presenceQueue(uuid: string): string {
  return `brigade.presence.${uuid}`;
}

/**
 * How a service is, and the broker's user who sent that: "" where the broker does not tell the
 * user.
 */
export interface SaidPresence {
  readonly presence: Presence;
  readonly user: string;
}

/** Throws an Error that tells in words what is wrong. */
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
