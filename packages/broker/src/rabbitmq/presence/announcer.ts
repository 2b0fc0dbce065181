import type { Delayer, Log, Presence } from "@brigade/core";
import type { Channel } from "amqplib";
import type { Link } from "../connecting/link.ts";
import type { Sender } from "../publishing/sender.ts";
import { Speaker } from "../side/speaker.ts";
import { presenceExchange, presenceKey } from "./presence.ts";

/** A presence is dropped after this many intervals of its service. */
const wordsKept = 3;
const complaint = "the broker refuses the reports of this service about itself; the work goes on";

/** Returns what publishes how a service is. */
export function announcer(
  link: Link<Sender>,
  around: { readonly log: Log; readonly delay: Delayer },
): Speaker<Presence> {
  return new Speaker(link, { send }, { ...around, complaint });
}

function send(channel: Channel, userId: string, presence: Presence): void {
  channel.publish(presenceExchange, presenceKey, Buffer.from(JSON.stringify(presence)), {
    persistent: false,
    expiration: wordsKept * presence.everyMs,
    contentType: "application/json",
    appId: "brigade",
    type: "presence",
    userId,
  });
}
