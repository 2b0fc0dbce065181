import type { Channel, ConsumeMessage } from "amqplib";
import type { Link } from "../connecting/link.ts";
import { abortion, untilAborted } from "../connecting/until-aborted.ts";
import type { Reception } from "../consuming/reception.ts";
import { SideChannel, type SideSurroundings } from "./side-channel.ts";

/** Is deleted with its consumer. A listener that is slow loses the oldest messages. */
const ownQueue = {
  durable: false,
  exclusive: true,
  autoDelete: true,
  arguments: { "x-queue-type": "classic", "x-max-length-bytes": 4 * 1024 * 1024 },
};

/** What is listened to. */
export interface Listened {
  /** Returns a new name each time: the queue of a lost connection may exist for a while. */
  readonly queueName: () => string;
  readonly bind: (channel: Channel, queue: string) => Promise<void>;
  /** Must not throw. */
  readonly hear: (raw: ConsumeMessage) => void;
  /** Called when all that is published from now on will be heard. */
  readonly onListening?: (() => void) | undefined;
}

/** Hears what is published from now on, over one session after the other. */
export class Listener implements AsyncDisposable {
  readonly #listened: Listened;
  readonly #link: Link<Reception>;
  readonly #side: SideChannel;
  readonly #stop = new AbortController();
  readonly #listening: Promise<void>;

  constructor(link: Link<Reception>, listened: Listened, around: SideSurroundings) {
    this.#listened = listened;
    this.#link = link;
    this.#side = new SideChannel(around);
    this.#listening = this.#listen(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(stop: AbortSignal): Promise<void> {
    for (;;) {
      // There will be no session: this or the link is disposed.
      const reception = await untilAborted(this.#link.session(), stop).catch(() => undefined);
      if (reception === undefined) return;
      await this.#side.run(reception, stop, (channel, ending) => this.#consume(channel, ending));
    }
  }

  async #consume(channel: Channel, ending: AbortSignal): Promise<void> {
    const { queueName, bind, hear, onListening } = this.#listened;
    const queue = queueName();
    const { promise: ended, reject: end } = Promise.withResolvers<never>();
    await channel.assertQueue(queue, ownQueue);
    await bind(channel, queue);
    await channel.consume(
      queue,
      (raw) => {
        if (raw === null) end(new Error(`the broker no longer lets us consume ${queue}`));
        else hear(raw);
      },
      { noAck: true },
    );
    onListening?.();
    await Promise.race([abortion(ending), ended]);
  }
}
