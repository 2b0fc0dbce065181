import type { Control, Delayer, Log } from "@brigade/core";
import type { Channel } from "amqplib";
import type { Link } from "../connecting/link.ts";
import type { Sender } from "../publishing/sender.ts";
import { Speaker } from "../side/speaker.ts";
import { controlExchange, makeControlExchange } from "./control-exchange.ts";

/** Milliseconds: it is repeated more often. */
const keptFor = 15_000;
const complaint =
  "the broker does not let us tell services what is ordered, so they go on as they are: its users need the rights of deploy/broker/start.sh of this version";

/** Returns what tells the services of a source all that holds. */
export function controlTeller(
  link: Link<Sender>,
  around: { readonly log: Log; readonly delay: Delayer },
): Speaker<Control> {
  return new Speaker(link, { prepare: makeControlExchange, send }, { ...around, complaint });
}

function send(channel: Channel, userId: string, control: Control): void {
  channel.publish(controlExchange, control.source, Buffer.from(JSON.stringify(control)), {
    persistent: false,
    expiration: keptFor,
    contentType: "application/json",
    appId: "brigade",
    type: "control",
    userId,
  });
}
