import { FatalError, type Log } from "@brigade/core";
import { describeAlarm } from "./alarm.ts";
import type { LinkEvents } from "./link.ts";
import { ConnectionRefused, reasonOf } from "./refusal.ts";

export type BrokerState = "connected" | "blocked" | "connecting";

/** The state of all connections together. A change is logged once. */
export class ConnectionWatch {
  readonly #log: Log;
  readonly #onRefused: (error: FatalError) => void;
  /** How many connections are up, of how many. */
  #up = 0;
  #links = 0;
  /** What the last log line was about; a refusal's text. */
  #reported: "connection" | "loss" | (string & {}) | undefined;
  /** Links that the broker accepts no messages from, each with what the broker is short of. */
  readonly #blocked = new Map<LinkEvents, string>();
  readonly #refusals = new Set<string>();

  constructor(log: Log, onRefused: (error: FatalError) => void) {
    this.#log = log;
    this.#onRefused = onRefused;
  }

  get state(): BrokerState {
    if (this.#up < this.#links) return "connecting";
    return this.#blocked.size > 0 ? "blocked" : "connected";
  }

  /** Why the broker accepts no messages, for people; `undefined` if it takes them. */
  get blockedBy(): string | undefined {
    return this.#blocked.values().next().value;
  }

  /** Returns the events of one more link. */
  watch(): LinkEvents {
    let isUp = false;
    let hasBeenUp = false;
    const turn = (up: boolean) => {
      this.#up += Number(up) - Number(isUp);
      isUp = up;
      hasBeenUp ||= up;
    };
    this.#links++;
    const link: LinkEvents = {
      up: () => {
        turn(true);
        if (this.#up < this.#links || this.#reported === "connection") return;
        this.#reported = "connection";
        this.#log.info({}, "connected to the broker");
      },
      down: (reason) => {
        turn(false);
        this.#blocked.delete(link);
        if (reason instanceof ConnectionRefused && hasBeenUp) this.#refusedNow(reason);
        else if (reason instanceof FatalError) this.#refused(reason);
        else this.#lost(reason);
      },
      blocked: (reason) => {
        if (this.#blocked.size === 0)
          this.#log.warn({ reason }, "the broker accepts no messages: publishing waits");
        this.#blocked.set(link, describeAlarm(reason));
      },
      unblocked: () => {
        if (this.#blocked.delete(link) && this.#blocked.size === 0)
          this.#log.info({}, "the broker accepts messages again");
      },
    };
    return link;
  }

  #lost(reason: unknown): void {
    if (this.#reported === "loss") return;
    this.#reported = "loss";
    this.#log.warn({ reason: reasonOf(reason) }, "not connected to the broker, trying again and again");
  }

  /**
   * The broker accepted us before. It may have come back without its users and virtual hosts, and
   * somebody makes them again. The same text is logged once until there is a connection.
   */
  #refusedNow({ message }: ConnectionRefused): void {
    if (this.#reported === message) return;
    this.#reported = message;
    this.#log.error({ reason: message }, "the broker refuses the connection now, trying again and again");
  }

  /** Attempts go on, but the same text is reported once. */
  #refused(error: FatalError): void {
    if (this.#refusals.has(error.message)) return;
    this.#refusals.add(error.message);
    this.#onRefused(error);
  }
}
