import type { RequestGate } from "@brigade/core";
import type { RequestRate } from "./request-rate.ts";
import type { Purpose, Turn } from "./turn.ts";

/** A request that waits for its turn. */
export interface Waiter {
  readonly gate: RequestGate | undefined;
  readonly abort: (error: Error) => void;
  readonly since: number;
  readonly start: (turn: Turn) => void;
}

/** What one kind of requests has: a rate of its own, and a queue. */
export interface Lane {
  readonly purpose: Purpose;
  readonly rate: RequestRate;
  readonly waiting: Set<Waiter>;
}

/** Without an iterator where there is none to be found, which is so most of the time. */
export function firstOf(waiting: ReadonlySet<Waiter>): Waiter | undefined {
  return waiting.size === 0 ? undefined : waiting.values().next().value;
}
