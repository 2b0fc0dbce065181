import { backoff, type Delayer, type Log, pausesOfBroker } from "@brigade/core";
import type { Link } from "../connecting/link.ts";
import { untilAborted } from "../connecting/until-aborted.ts";
import type { Parcel } from "../messages/parcel.ts";
import { NotAccepted, type Sender } from "./sender.ts";
import { Stillness } from "./stillness.ts";
import { Window } from "./window.ts";

/** Messages that are sent and not yet confirmed, at most. */
const unconfirmed = 512;
/** Milliseconds without a confirmation after which publishing counts as waiting. */
const slowAfter = 5_000;

interface PublisherOptions {
  readonly log: Log;
  readonly delay: Delayer;
  readonly random: (() => number) | undefined;
}

/** Sends each message until it is confirmed, over as many connections as that takes. */
export class Publisher {
  readonly #link: Link<Sender>;
  readonly #options: PublisherOptions;
  readonly #window = new Window(unconfirmed);
  /** Exchanges that accept nothing, each with the reason. Logged once. */
  readonly #closed = new Map<string, string>();
  readonly #unconfirmed = new Stillness();

  constructor(link: Link<Sender>, options: PublisherOptions) {
    this.#link = link;
    this.#options = options;
  }

  /**
   * Resolves when all are confirmed. Rejects when the link is disposed, or with the reason of
   * `signal`.
   */
  async publish(parcels: readonly Parcel[], signal?: AbortSignal): Promise<void> {
    await Promise.all(parcels.map((parcel) => this.#publish(parcel, signal)));
  }

  /**
   * Why publishing to exchanges with this prefix waits, for people; `undefined` if it does not
   * wait.
   */
  waits(prefix: string): string | undefined {
    for (const [exchange, reason] of this.#closed) if (exchange.startsWith(prefix)) return reason;
    return this.#unconfirmed.ms < slowAfter ? undefined : "the broker confirms nothing";
  }

  async #publish(parcel: Parcel, signal: AbortSignal | undefined): Promise<void> {
    this.#unconfirmed.begin();
    try {
      await this.#publishUntilAccepted(parcel, signal);
    } finally {
      this.#unconfirmed.end();
    }
  }

  async #publishUntilAccepted(parcel: Parcel, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 0; !(await this.#send(parcel, signal)); attempt++) {
      const { delay, random } = this.#options;
      const pause = backoff(attempt, pausesOfBroker, random);
      await delay(pause, signal ? AbortSignal.any([signal, this.#link.leaving]) : this.#link.leaving);
    }
  }

  /**
   * Resolves with whether the broker has accepted it. If the session is lost meanwhile, it is sent
   * over the next one.
   */
  async #send(parcel: Parcel, signal: AbortSignal | undefined): Promise<boolean> {
    for (;;) {
      const sender = await untilAborted(this.#link.session(), signal);
      await this.#window.enter();
      try {
        signal?.throwIfAborted();
        await sender.send(parcel);
        this.#unconfirmed.moved();
        this.#goesOn(parcel.exchange);
        return true;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof NotAccepted) {
          this.#waits(parcel.exchange, error.message);
          return false;
        }
        if (!sender.lost.aborted) throw error;
      } finally {
        this.#window.leave();
      }
    }
  }

  #waits(exchange: string, reason: string): void {
    const isReported = this.#closed.has(exchange);
    this.#closed.set(exchange, reason);
    if (isReported) return;
    this.#options.log.warn({ exchange, reason }, "publishing waits");
  }

  #goesOn(exchange: string): void {
    if (this.#closed.delete(exchange)) this.#options.log.info({ exchange }, "publishing goes on");
  }
}
