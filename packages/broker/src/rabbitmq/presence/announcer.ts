import type { Delayer, Log, Presence } from "@brigade/core";
import type { Channel } from "amqplib";
import type { Link } from "../connecting/link.ts";
import { abortion } from "../connecting/until-aborted.ts";
import type { Sender } from "../publishing/sender.ts";
import { presenceExchange, presenceKey } from "./presence.ts";
import { SideChannel } from "./side-channel.ts";

/** A presence is dropped after this many intervals of its service. */
const wordsKept = 3;

/**
 * Publishes how a service is: unconfirmed, and stored nowhere. What cannot be sent now is dropped.
 */
export class Announcer {
  readonly #link: Link<Sender>;
  readonly #side: SideChannel;
  readonly #leaving = new AbortController();
  #channel: Channel | undefined;
  /** Set while there is a channel, or while none is to be opened. */
  #running: Promise<void> | undefined;

  constructor(link: Link<Sender>, { log, delay }: { readonly log: Log; readonly delay: Delayer }) {
    this.#link = link;
    const complaint = "the broker refuses the reports of this service about itself; the work goes on";
    this.#side = new SideChannel({ log, delay, complaint });
  }

  announce(presence: Presence): void {
    const sender = this.#link.current;
    if (sender === undefined) return;
    if (this.#channel) send(this.#channel, sender.user, presence);
    else this.#running ??= this.#run(sender, presence);
  }

  /** Resolves when all that was sent has arrived. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#running;
  }

  async #run(sender: Sender, first: Presence): Promise<void> {
    await this.#side.run(sender, this.#leaving.signal, async (channel, ending) => {
      send(channel, sender.user, first);
      this.#channel = channel;
      await abortion(ending);
      this.#channel = undefined;
    });
    this.#running = undefined;
  }
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
