import { gateOf, SourceError } from "@brigade/core";
import { watch } from "../http/faults/cancelled.ts";
import type { OwnRefusals } from "./rates/own-refusals.ts";
import type { RequestRate } from "./rates/request-rate.ts";
import type { Purpose, Turn } from "./turns/turn.ts";
import type { Waiter, Waiting } from "./turns/waiting.ts";

/** The state of one kind of requests: a rate and a queue. */
export interface Lane {
  readonly purpose: Purpose;
  readonly rate: RequestRate;
  readonly own: OwnRefusals;
  readonly waiting: Waiting;
}

/**
 * Returns the request whose turn is next. A request that must be served before others go on is
 * better not for an object that may be refused each time. If too few objects have been asked for
 * again to know that, they are asked for soon: behind all others the answer would come late,
 * because the rate is cut for each refusal until then.
 */
export function nextOf({ waiting, rate, own }: Lane): Waiter | undefined {
  if (waiting.size === 0) return undefined;
  if (rate.isHeld) return waiting.next("first");
  return waiting.next(own.isOpen ? "again" : undefined);
}

/** The error for a request that would wait longer than it may. */
export function askedToWait(origin: string, { rate }: Lane): SourceError {
  const seconds = Math.ceil(rate.askedWait / 1000);
  return new SourceError("throttled", `${origin}: the server asked us to wait, for ${seconds} s yet`, {
    retryAfterMs: rate.askedWait,
  });
}

/** A request joins the queue of its kind. `since`: monotonic milliseconds. Rejects with AbortError. */
export function waitIn(
  lane: Lane,
  signal: AbortSignal,
  path: string | undefined,
  since: number,
): Promise<Turn> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {
      gate: gateOf(signal),
      path,
      since,
      start: (turn: Turn) => {
        watched.delete(waiter);
        resolve(turn);
      },
      abort: (error: Error) => {
        watched.delete(waiter);
        lane.waiting.delete(waiter);
        reject(error);
      },
    };
    const watched = watch(signal, waiter);
    lane.waiting.add(waiter, lane.own.wasRefused(path));
  });
}
