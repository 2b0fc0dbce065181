import { type RequestGate, SourceError } from "@brigade/core";
import type { OwnRefusals } from "./rates/own-refusals.ts";
import type { RequestRate } from "./rates/request-rate.ts";
import type { Purpose, Turn } from "./turns/turn.ts";

/** A request that waits for its turn. */
export interface Waiter {
  readonly gate: RequestGate | undefined;
  readonly path: string | undefined;
  readonly abort: (error: Error) => void;
  readonly since: number;
  readonly start: (turn: Turn) => void;
}

/** The state of one kind of requests: a rate and a queue. */
export interface Lane {
  readonly purpose: Purpose;
  readonly rate: RequestRate;
  readonly own: OwnRefusals;
  readonly waiting: Set<Waiter>;
}

/** Uses no iterator if the queue is empty, which is the usual case. */
export function firstOf(waiting: ReadonlySet<Waiter>): Waiter | undefined {
  return waiting.size === 0 ? undefined : waiting.values().next().value;
}

/** The error for a request that would wait longer than it may. */
export function askedToWait(origin: string, { rate }: Lane): SourceError {
  const seconds = Math.ceil(rate.askedWait / 1000);
  return new SourceError("throttled", `${origin}: the server asked us to wait, for ${seconds} s yet`, {
    retryAfterMs: rate.askedWait,
  });
}
