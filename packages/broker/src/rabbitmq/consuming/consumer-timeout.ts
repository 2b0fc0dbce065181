import type { Log } from "@brigade/core";
import { reasonOf } from "../connecting/refusal.ts";

/**
 * A delivery is handed over after this part of the timeout. The broker checks once per minute, we
 * once per second.
 */
const margin = 0.75;
/** RabbitMQ's own words. */
const timedOut = /delivery acknowledgement on channel \d+ timed out(?:\.? Timeout value used: (\d+) ms)?/i;

/**
 * How long the broker lets a consumer hold a delivery (its `consumer_timeout`), as far as this
 * process knows.
 */
export class ConsumerTimeout {
  readonly #log: Log;
  readonly #configured: number;
  #ms: number;

  /** `ms`: milliseconds. */
  constructor(ms: number, log: Log) {
    this.#configured = ms;
    this.#ms = ms;
    this.#log = log;
  }

  /** Milliseconds after the arrival of a delivery. */
  get handOverAfter(): number {
    return this.#ms * margin;
  }

  /**
   * `reason`: why a channel was closed. If that was the timeout, a shorter one is assumed from now
   * on.
   */
  hear(reason: unknown): void {
    const found = timedOut.exec(reasonOf(reason));
    if (found === null) return;
    const named = Number(found[1] ?? Number.NaN);
    this.#ms = Math.min(this.#ms, Number.isNaN(named) ? this.#ms / 2 : named);
    this.#log.warn(
      { consumerTimeoutMs: named || undefined, CONSUMER_TIMEOUT_MS: this.#configured },
      "the broker took back what was in hand: its consumer_timeout is shorter than CONSUMER_TIMEOUT_MS; set that to it, or raise consumer_timeout in rabbitmq.conf",
    );
  }
}
