import type { Delayer, Log } from "@brigade/core";
import type { Channel } from "amqplib";
import type { Life } from "../connecting/link.ts";
import { reasonOf } from "../connecting/refusal.ts";
import { untilAborted } from "../connecting/until-aborted.ts";

/**
 * Milliseconds until it is tried again on the same connection. Each refusal is a line in the
 * broker's own log.
 */
const againAfter = 300_000;

/** A session that can open more channels. */
export interface ChannelOpener {
  readonly lost: AbortSignal;
  openChannel(life: Pick<Life, "lose">): Promise<Channel>;
}

export interface SideSurroundings {
  readonly log: Log;
  readonly delay: Delayer;
  /** What is logged if it does not work. */
  readonly complaint: string;
  /** Milliseconds until it is tried again after this error. By default 5 minutes. */
  readonly againAfter?: (error: unknown) => number | undefined;
}

/**
 * A channel for what the work does not depend on: every refusal ends its channel. The first failure
 * is logged; none is thrown.
 */
export class SideChannel {
  readonly #around: SideSurroundings;
  #hasWarned = false;

  constructor(around: SideSurroundings) {
    this.#around = around;
  }

  /**
   * Opens the channel and runs `use` until `ending`. Resolves when `stop` aborts, or when it may be
   * tried again: with the next session, or after a pause.
   */
  async run(
    session: ChannelOpener,
    stop: AbortSignal,
    use: (channel: Channel, ending: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const closed = new AbortController();
    const lose = (reason: unknown) => closed.abort(reason);
    const over = AbortSignal.any([stop, session.lost]);
    try {
      const channel = await session.openChannel({ lose });
      try {
        await use(channel, AbortSignal.any([over, closed.signal]));
      } finally {
        await close(channel, session.lost);
      }
      if (!over.aborted) throw closed.signal.reason;
    } catch (error) {
      if (over.aborted) return;
      this.#warn(error);
      const pause = this.#around.againAfter?.(error) ?? againAfter;
      await this.#around.delay(pause, over).catch(() => undefined); // the signal ends the rest
    }
  }

  #warn(error: unknown): void {
    if (!this.#hasWarned) this.#around.log.warn({ reason: reasonOf(error) }, this.#around.complaint);
    this.#hasWarned = true;
  }
}

/** Resolves when all that was sent has arrived. */
async function close(channel: Channel, lost: AbortSignal): Promise<void> {
  // It may be closed already, or never be answered: that is no error.
  await untilAborted(channel.close(), lost).catch(() => undefined);
}
