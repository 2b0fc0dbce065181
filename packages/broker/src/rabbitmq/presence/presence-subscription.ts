import { randomUUID } from "node:crypto";
import type { Delayer, Log, Presence } from "@brigade/core";
import type { Channel, ConsumeMessage } from "amqplib";
import type { Link } from "../connecting/link.ts";
import { reasonOf } from "../connecting/refusal.ts";
import { abortion, untilAborted } from "../connecting/until-aborted.ts";
import type { Reception } from "../consuming/reception.ts";
import {
  decodePresence,
  presenceExchange,
  presenceKey,
  presenceQueue,
  type SaidPresence,
} from "./presence.ts";
import { SideChannel } from "./side-channel.ts";

/** Is deleted with its consumer. A listener that is slow loses the oldest messages. */
const ownQueue = {
  durable: false,
  exclusive: true,
  autoDelete: true,
  arguments: { "x-queue-type": "classic", "x-max-length-bytes": 4 * 1024 * 1024 },
};

interface Surroundings {
  readonly link: Link<Reception>;
  readonly log: Log;
  readonly delay: Delayer;
  /** Called with what the listener throws. */
  readonly onError: (error: unknown) => void;
}

/** `user`: the broker's user that sent it; "" if it is not known. */
export type PresenceListener = (presence: Presence, user: string) => void;

/** Hears the presences of services from now on, over one session after the other. */
export class PresenceSubscription implements AsyncDisposable {
  readonly #listener: PresenceListener;
  readonly #around: Surroundings;
  readonly #side: SideChannel;
  readonly #stop = new AbortController();
  readonly #listening: Promise<void>;

  constructor(listener: PresenceListener, around: Surroundings) {
    this.#listener = listener;
    this.#around = around;
    const complaint = "the broker refuses us the reports of other services; the work goes on";
    this.#side = new SideChannel({ ...around, complaint });
    this.#listening = this.#listen(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(stop: AbortSignal): Promise<void> {
    for (;;) {
      // There will be no session: this or the link is disposed.
      const reception = await untilAborted(this.#around.link.session(), stop).catch(() => undefined);
      if (reception === undefined) return;
      await this.#side.run(reception, stop, (channel, ending) => this.#consume(channel, ending));
    }
  }

  async #consume(channel: Channel, ending: AbortSignal): Promise<void> {
    // A new name each time: the queue of a lost connection may exist for a while, for that
    // connection only.
    const queue = presenceQueue(randomUUID());
    const { promise: ended, reject: end } = Promise.withResolvers<never>();
    await channel.assertQueue(queue, ownQueue);
    await channel.bindQueue(queue, presenceExchange, presenceKey);
    await channel.consume(
      queue,
      (raw) => {
        if (raw === null) end(new Error(`the broker no longer lets us consume ${queue}`));
        else this.#hear(raw);
      },
      { noAck: true },
    );
    await Promise.race([abortion(ending), ended]);
  }

  #hear(raw: ConsumeMessage): void {
    const { log, onError } = this.#around;
    let said: SaidPresence;
    try {
      said = decodePresence(raw);
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, "a presence that cannot be read");
      return;
    }
    try {
      this.#listener(said.presence, said.user);
    } catch (error) {
      onError(error);
    }
  }
}
