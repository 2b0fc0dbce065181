import {
  type Delayer,
  type Delivery,
  HostError,
  type Log,
  type Message,
  MessageError,
  NewerMessageError,
  type Verdict,
} from "@brigade/core";
import { decodeWithCare, untilThread } from "../../decode-with-care.ts";
import type { WorkQueue } from "../../route.ts";
import { reasonOf } from "../connecting/refusal.ts";
import type { Held } from "./held.ts";
import { type NewerAccount, newerDelay } from "./newer-account.ts";
import type { WaitAccount } from "./wait-account.ts";

/** Milliseconds until a message is given back whose handler threw: no hot loop. */
const afterError = 1_000;

export interface Consumption {
  readonly source: string;
  readonly queue: WorkQueue;
  readonly prefetch: number;
  readonly isFirst: boolean;
  readonly handle: (delivery: Delivery) => Promise<Verdict>;
}

interface Surroundings {
  readonly waits: WaitAccount;
  readonly newer: NewerAccount;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
  readonly delay: Delayer;
  readonly requireUserId: boolean;
  readonly standAside: () => void;
}

/** The way of one delivery: it is decoded, believed or not, and handled. Rejects only for bugs. */
export async function verdictOn(
  held: Held,
  consumption: Consumption,
  around: Surroundings,
): Promise<Verdict> {
  const { signal, deliveries } = held;
  let message: Message;
  try {
    message = await decodeWithCare(held.body, deliveries);
  } catch (error) {
    return undecoded(error, consumption, around);
  }
  try {
    const { author, reason } = held.judge(message, around.requireUserId);
    if (reason !== undefined) return { kind: "reject", reason };
    if (held.hasWaited) around.waits.received(message.job);
    return await consumption.handle(
      held.deliveryOf(message, { author, deliveries, standAside: around.standAside }),
    );
  } catch (error) {
    if (error instanceof MessageError) return { kind: "reject", reason: error.message };
    if (!signal.aborted) {
      around.onError(error);
      await around.delay(afterError, signal).catch(() => undefined);
    }
    return { kind: "release" };
  }
}

/**
 * Returns the verdict on a message that cannot be decoded by this program, by this process now, or
 * by any.
 */
function undecoded(error: unknown, { source, queue }: Consumption, { newer, log }: Surroundings): Verdict {
  if (error instanceof NewerMessageError) {
    newer.saw(source, queue, error.needs);
    return { kind: "postpone", delay: newerDelay };
  }
  const reason = reasonOf(error);
  if (!(error instanceof HostError)) return { kind: "reject", reason };
  log.warn({ source, queue, reason }, "a message cannot be decoded now: it comes again");
  return { kind: "postpone", delay: untilThread };
}
