import type { Channel, ChannelModel } from "amqplib";
import type { Life } from "./link.ts";
import { codeOf, notFound } from "./refusal.ts";

/** Asks what exists, on a channel of its own: the broker closes the channel with every "no". */
export class Probe {
  readonly #model: ChannelModel;
  readonly #life: Life;
  #channel: Channel | undefined;
  /** One question at a time: a "no" would end the others on the same channel. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: ChannelModel, life: Life) {
    this.#model = model;
    this.#life = life;
  }

  /** Resolves with the number of ready messages; `undefined` if there is no such queue. */
  async messageCount(queue: string): Promise<number | undefined> {
    const found = await this.#ask((channel) => channel.checkQueue(queue));
    return found?.messageCount;
  }

  async hasExchange(exchange: string): Promise<boolean> {
    return (await this.#ask((channel) => channel.checkExchange(exchange))) !== undefined;
  }

  /** Any answer other than "yes" and "no" ends the session. */
  #ask<T>(question: (channel: Channel) => Promise<T>): Promise<T | undefined> {
    const answer = this.#last.then(async () => {
      try {
        this.#channel ??= await this.#open();
        return await question(this.#channel);
      } catch (error) {
        this.#channel = undefined;
        if (codeOf(error) === notFound) return undefined;
        this.#life.lose(error);
        throw error;
      }
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #open(): Promise<Channel> {
    const channel = await this.#model.createChannel();
    // The question's own promise rejects with it.
    channel.on("error", () => {});
    return channel;
  }
}
