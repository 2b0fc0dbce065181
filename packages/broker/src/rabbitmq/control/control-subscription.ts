import { randomUUID } from "node:crypto";
import type { ControlListener, Delayer, HeardControl, Log } from "@brigade/core";
import { readControl } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import type { Link } from "../connecting/link.ts";
import { codeOf, notFound, reasonOf } from "../connecting/refusal.ts";
import type { Reception } from "../consuming/reception.ts";
import { Listener } from "../side/listener.ts";
import { controlExchange, controlQueue } from "./control-exchange.ts";

interface Surroundings {
  readonly link: Link<Reception>;
  readonly log: Log;
  readonly delay: Delayer;
  /** Called with what the listener throws. */
  readonly onError: (error: unknown) => void;
  readonly onListening?: (() => void) | undefined;
}

/** Milliseconds until it is looked again whether the ledger has made its exchange. */
const againAfter = 5_000;
const complaint =
  "what is ordered of this service (`brigade pause`, `limit`, `drain`) does not reach it yet; the work goes on";

/** Hears what is told of these sources from now on, until it is disposed of. */
export function controlSubscription(
  sources: readonly string[],
  listener: ControlListener,
  around: Surroundings,
): Listener {
  let refused: string | undefined;
  const onUnreadable = (reason: string) => {
    if (reason !== refused)
      around.log.warn({ reason }, "what the ledger orders cannot be read: what was ordered before holds");
    refused = reason;
  };
  return new Listener(
    around.link,
    {
      queueName: () => controlQueue(randomUUID()),
      bind: async (channel, queue) => {
        for (const source of sources) await channel.bindQueue(queue, controlExchange, source);
      },
      onListening: around.onListening,
      hear: (raw) => hear(raw, { listener, onUnreadable, onError: around.onError }),
    },
    { ...around, complaint, againAfter: (error) => (codeOf(error) === notFound ? againAfter : undefined) },
  );
}

interface Hearing {
  readonly listener: ControlListener;
  readonly onUnreadable: (reason: string) => void;
  readonly onError: (error: unknown) => void;
}

function hear({ content, fields }: ConsumeMessage, { listener, onUnreadable, onError }: Hearing): void {
  let heard: HeardControl;
  try {
    heard = readControl(content);
  } catch (error) {
    onUnreadable(reasonOf(error));
    return;
  }
  if (heard.control.source !== fields.routingKey) return;
  try {
    listener(heard);
  } catch (error) {
    onError(error);
  }
}
