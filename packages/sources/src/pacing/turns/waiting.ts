import type { RequestGate } from "@brigade/core";
import type { Turn } from "./turn.ts";

/** A request that waits for its turn. */
export interface Waiter {
  readonly gate: RequestGate | undefined;
  readonly path: string | undefined;
  readonly abort: (error: Error) => void;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly start: (turn: Turn) => void;
}

/** Which waiting request is preferred: for an object that was refused before, or for another. */
export type Preference = "again" | "first";

/**
 * Requests that wait for their turn. Those for objects that were refused before have a queue of
 * their own: each may be the better choice for the next turn.
 */
export class Waiting {
  readonly #first = new Set<Waiter>();
  readonly #again = new Set<Waiter>();
  /** The last one that left was for an object that was refused before. */
  #wasAgain = false;

  get size(): number {
    return this.#first.size + this.#again.size;
  }

  /** `wasRefused`: its object was refused before. */
  add(waiter: Waiter, wasRefused: boolean): void {
    (wasRefused ? this.#again : this.#first).add(waiter);
  }

  delete(waiter: Waiter): void {
    if (this.#again.delete(waiter)) this.#wasAgain = true;
    else if (this.#first.delete(waiter)) this.#wasAgain = false;
  }

  /**
   * Returns the request whose turn is next. Without a preference, it is the one that has waited
   * longest. With `again`, each second one is another, so that these do not stand still.
   */
  next(preferred?: Preference): Waiter | undefined {
    const first = firstOf(this.#first);
    const again = firstOf(this.#again);
    if (first === undefined || again === undefined) return first ?? again;
    if (preferred === "first") return first;
    if (preferred === "again") return this.#wasAgain ? first : again;
    return first.since <= again.since ? first : again;
  }

  all(): Waiter[] {
    return [...this.#first, ...this.#again];
  }
}

/** Uses no iterator if the queue is empty, which is the usual case. */
function firstOf(waiting: ReadonlySet<Waiter>): Waiter | undefined {
  return waiting.size === 0 ? undefined : waiting.values().next().value;
}
