import type { Channel } from "amqplib";
import type { Link } from "../connecting/link.ts";
import { abortion } from "../connecting/until-aborted.ts";
import type { Sender } from "../publishing/sender.ts";
import { SideChannel, type SideSurroundings } from "./side-channel.ts";

/** Words that wait for a channel, at most: later ones are dropped. */
const mostWaiting = 1_000;

/** What is published, and how. */
export interface Speech<T> {
  /** What is to be there before the first word; by default nothing. */
  readonly prepare?: (channel: Channel) => Promise<void>;
  /** `user`: the broker's user of the connection. */
  readonly send: (channel: Channel, user: string, word: T) => void;
}

/**
 * Publishes what is repeated anyway: unconfirmed, and stored nowhere. What cannot be sent now is
 * dropped.
 */
export class Speaker<T> {
  readonly #link: Link<Sender>;
  readonly #speech: Speech<T>;
  readonly #side: SideChannel;
  readonly #leaving = new AbortController();
  #channel: Channel | undefined;
  #waiting: T[] = [];
  /** Set while there is a channel, or while none is to be opened. */
  #running: Promise<void> | undefined;

  constructor(link: Link<Sender>, speech: Speech<T>, around: SideSurroundings) {
    this.#link = link;
    this.#speech = speech;
    this.#side = new SideChannel(around);
  }

  say(word: T): void {
    const sender = this.#link.current;
    if (sender === undefined) return;
    if (this.#channel !== undefined) {
      this.#speech.send(this.#channel, sender.user, word);
      return;
    }
    if (this.#waiting.length < mostWaiting) this.#waiting.push(word);
    this.#running ??= this.#run(sender);
  }

  /** Resolves when all that was sent has arrived. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#running;
  }

  async #run(sender: Sender): Promise<void> {
    await this.#side.run(sender, this.#leaving.signal, async (channel, ending) => {
      await this.#speech.prepare?.(channel);
      for (const word of this.#waiting.splice(0)) this.#speech.send(channel, sender.user, word);
      this.#channel = channel;
      try {
        await abortion(ending);
      } finally {
        this.#channel = undefined;
      }
    });
    this.#waiting = [];
    this.#running = undefined;
  }
}
