import type { RabbitBroker } from "@brigade/broker";
import type { NewerMessages } from "@brigade/core";

/** How the broker is, for a service that may not be connected to it yet. */
export class BrokerStanding {
  readonly #broker: () => RabbitBroker | undefined;

  /** `broker`: returns it, or `undefined` until there is a connection. */
  constructor(broker: () => RabbitBroker | undefined) {
    this.#broker = broker;
  }

  /** Why the broker accepts no messages, for people; `undefined` while it does. */
  get trouble(): string | undefined {
    const broker = this.#broker();
    return broker === undefined ? "not connected to the broker" : broker.trouble;
  }

  /** Returns whether the broker accepts messages of this source now; `false` without a connection. */
  async acceptsMessages(source: string): Promise<boolean> {
    return (await this.#broker()?.acceptsMessages(source)) ?? false;
  }

  /**
   * Returns why what is published for this source waits, for people; `undefined` while it does not.
   */
  waits(source: string): string | undefined {
    return this.#broker()?.waits(source);
  }

  /** Returns the messages of the last minute that need a newer program. */
  newer(source: string): readonly NewerMessages[] {
    return this.#broker()?.newer(source) ?? [];
  }

  /** Returns the names of the source's queues that are missing; empty without a connection. */
  async missingQueues(source: string): Promise<readonly string[]> {
    return (await this.#broker()?.missingQueues(source)) ?? [];
  }
}
