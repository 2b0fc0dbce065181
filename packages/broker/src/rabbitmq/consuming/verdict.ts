import {
  type Delayer,
  type Delivery,
  type Log,
  type Message,
  MessageError,
  type NewerMessageError,
  type Verdict,
} from "@brigade/core";
import { decodeWithCare } from "../../decode-with-care.ts";
import type { WorkQueue } from "../../route.ts";
import { verdictOnUndecoded } from "../../undecoded.ts";
import type { Held } from "./held.ts";
import type { NewerAccount } from "./newer-account.ts";
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

export interface VerdictSurroundings {
  readonly waits: WaitAccount;
  readonly newer: NewerAccount;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
  readonly delay: Delayer;
  readonly requireUserId: boolean;
  readonly standAside: () => void;
}

/** The way of one delivery: it is decoded, accepted or not, and handled. Rejects only for bugs. */
export async function verdictOn(
  held: Held,
  consumption: Consumption,
  around: VerdictSurroundings,
): Promise<Verdict> {
  const { signal, deliveries } = held;
  let message: Message;
  try {
    message = await decodeWithCare(held.body, deliveries);
  } catch (error) {
    const { source, queue } = consumption;
    const onNewer = ({ needs }: NewerMessageError) => around.newer.saw(source, queue, needs);
    return verdictOnUndecoded(error, consumption, { log: around.log, onNewer });
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
