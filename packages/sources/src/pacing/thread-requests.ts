import type { BanCeiling } from "./ban-ceiling.ts";
import type { BodyPlaces } from "./bodies/body-places.ts";
import type { Budgets } from "./budgets/budgets.ts";
import type { ConnectionLimit } from "./connections/connection-limit.ts";
import type { Lane } from "./lane.ts";

export interface ThreadRequestsParts {
  /** Of bodies. */
  readonly lane: Lane;
  readonly ceiling: BanCeiling;
  readonly connections: ConnectionLimit;
  readonly bodies: BodyPlaces;
  readonly budgets: Budgets;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Returns the requests for bodies that wait for their turn, at all servers. */
  readonly waiting: () => number;
  /** Places are free. */
  readonly onFree: () => void;
  /** The server serves fewer connections than were opened. */
  readonly onFewer: () => void;
}

/** Requests for bodies that threads of volumes send to one server: they count like those from here. */
export class ThreadRequests {
  readonly #parts: ThreadRequestsParts;

  constructor(parts: ThreadRequestsParts) {
    this.#parts = parts;
  }

  /** Whether they may be sent without turns: nothing was found out that would limit them. */
  get isFree(): boolean {
    const { lane, ceiling, connections, budgets } = this.#parts;
    return lane.rate.isFree && ceiling.isUnset && !connections.isLearnt && !budgets.limitsBodies;
  }

  /** Requests of the usual way for bodies that wait for their turn, at this server. */
  get waiting(): number {
    return this.#parts.lane.waiting.size;
  }

  /** Requests at once, at most: others have or need the rest of the places. */
  get places(): number {
    const { bodies, waiting } = this.#parts;
    return Math.max(0, bodies.forThreads - waiting());
  }

  /** Bodies came. `running`: requests under way in all threads. */
  arrived(count: number, bytes: number, running: number): void {
    const { lane, bodies, waiting, onFree } = this.#parts;
    bodies.inThreads = running;
    for (let body = 0; body < count; body++) {
      // It was sent before: after a refusal it is no evidence about the rate.
      if (lane.rate.isFree) lane.rate.served(lane.rate.sent());
      bodies.arrivedInThread(bytes / count);
    }
    if (!bodies.isFull && waiting() > 0) onFree();
  }

  /** The server serves this number of connections, and no others. */
  servesOnly(served: number): void {
    const { connections, now, onFewer } = this.#parts;
    connections.starved(now(), Number.POSITIVE_INFINITY, served);
    onFewer();
  }
}
