import { randomUUID } from "node:crypto";
import type { Delayer, Log, Presence } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import type { Link } from "../connecting/link.ts";
import { reasonOf } from "../connecting/refusal.ts";
import type { Reception } from "../consuming/reception.ts";
import { Listener } from "../side/listener.ts";
import {
  decodePresence,
  presenceExchange,
  presenceKey,
  presenceQueue,
  type SaidPresence,
} from "./presence.ts";

interface Surroundings {
  readonly link: Link<Reception>;
  readonly log: Log;
  readonly delay: Delayer;
  /** Called with what the listener throws. */
  readonly onError: (error: unknown) => void;
}

/** `user`: the broker's user that sent it; "" if it is not known. */
export type PresenceListener = (presence: Presence, user: string) => void;

const complaint = "the broker refuses us the reports of other services; the work goes on";

/** Hears the presences of services from now on, until it is disposed of. */
export function presenceSubscription(listener: PresenceListener, around: Surroundings): Listener {
  return new Listener(
    around.link,
    {
      queueName: () => presenceQueue(randomUUID()),
      bind: async (channel, queue) => {
        await channel.bindQueue(queue, presenceExchange, presenceKey);
      },
      hear: (raw) => hear(raw, listener, around),
    },
    { ...around, complaint },
  );
}

function hear(raw: ConsumeMessage, listener: PresenceListener, { log, onError }: Surroundings): void {
  let said: SaidPresence;
  try {
    said = decodePresence(raw);
  } catch (error) {
    log.debug({ reason: reasonOf(error) }, "a presence that cannot be read");
    return;
  }
  try {
    listener(said.presence, said.user);
  } catch (error) {
    onError(error);
  }
}
