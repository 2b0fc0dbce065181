import type { Outcome, Request, Trouble } from "./protocol.ts";
import { isSettlement } from "./protocol.ts";
import { troubleOf } from "./trouble.ts";

/** What Session does. */
interface Transactions {
  commit(requests: readonly Request[]): Outcome;
  /** Makes room in the write-ahead log, if the database has some. */
  checkpoint(): void;
  close(): void;
}

interface Events {
  outcome(outcome: Outcome): void;
  /** Once for each change of state to `full` or `broken`. */
  trouble(trouble: Trouble): void;
  /** After `full`: everything that was kept is committed. */
  recovered(): void;
}

/**
 * States, changed by `#attempt` and `retry` alone:
 * - well    what came together is committed together
 * - full    some requests found no room on the disk; they are kept, in order, and tried again by `retry`. Others go on,
 *           settlements above all: they make room
 * - broken  the disk failed, or a bug: nothing is committed or answered any more
 */
export class GroupCommit {
  readonly #session: Transactions;
  readonly #events: Events;
  #state: "well" | "full" | "broken" = "well";
  #kept: Request[] = [];

  constructor(session: Transactions, events: Events) {
    this.#session = session;
    this.#events = events;
  }

  get full(): boolean {
    return this.#state === "full";
  }

  commit(requests: readonly Request[]): void {
    if (this.#try(requests)) return;
    const settlementsFirst = requests.toSorted((a, b) => Number(isSettlement(b)) - Number(isSettlement(a)));
    for (const request of settlementsFirst) if (!this.#try([request])) this.#kept.push(request);
  }

  /** What is kept, once more. */
  retry(): void {
    if (this.#state !== "full") return;
    const kept = this.#kept;
    this.#kept = [];
    this.#attempt(() => this.#session.checkpoint());
    this.commit(kept);
    if (this.#state !== "full" || this.#kept.length > 0) return;
    this.#state = "well";
    this.#events.recovered();
  }

  close(): void {
    this.retry();
    this.#session.close();
  }

  /** False when there was no room. */
  #try(requests: readonly Request[]): boolean {
    return this.#attempt(() => this.#events.outcome(this.#session.commit(requests)));
  }

  #attempt(step: () => void): boolean {
    if (this.#state === "broken") return true;
    try {
      step();
      return true;
    } catch (error) {
      const trouble = troubleOf(error);
      const state = trouble.trouble === "full" ? "full" : "broken";
      if (state !== this.#state) this.#events.trouble(trouble);
      this.#state = state;
      return state !== "full";
    }
  }
}
