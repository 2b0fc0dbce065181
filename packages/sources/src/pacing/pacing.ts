import { type Clock, systemClock } from "./clock.ts";
import { Pace } from "./pace.ts";
import type { Bodies, PaceChange } from "./pace-options.ts";

/** Servers that are remembered though nothing is asked of them. */
const remembered = 1_000;
export interface PacingOptions {
  /** At once, over all servers, at most. */
  readonly bodies?: number | undefined;
  /** Milliseconds: who would wait longer because a server asked for that gets a SourceError instead. */
  readonly patience?: number | undefined;
}

/** How fast, and how much at once, each server of a source is asked. */
export class Pacing {
  /** Called with what is learnt. */
  onChange: (change: PaceChange) => void = () => {};
  readonly #bodies: Bodies;
  readonly #patience: number;
  readonly #clock: Clock;
  readonly #paces = new Map<string, Pace>();

  constructor(
    { bodies = Number.POSITIVE_INFINITY, patience = Number.POSITIVE_INFINITY }: PacingOptions,
    clock: Clock = systemClock,
  ) {
    this.#patience = patience;
    this.#bodies = { most: bodies, running: 0, received: 0 };
    this.#clock = clock;
  }

  /** Bytes of all answers so far. */
  get received(): number {
    return this.#bodies.received;
  }

  /** `origin`: `http://host:port`. */
  of(origin: string): Pace {
    const known = this.#paces.get(origin);
    if (known !== undefined) return known;
    if (this.#paces.size >= remembered) this.#forget();
    const pace = new Pace(origin, {
      bodies: this.#bodies,
      clock: this.#clock,
      onChange: (change) => this.onChange(change),
      onBodyEnded: () => this.#wake(),
      patience: this.#patience,
    });
    this.#paces.set(origin, pace);
    return pace;
  }

  /**
   * For whoever knows that everything is refused, also what was given before, though no server says why: where requests were served
   * until then, they are not sent so fast again for a while.
   */
  banned(): void {
    for (const pace of this.#paces.values()) pace.banned();
  }

  /** A place for a body is free: whoever waits for one may be at another server. */
  #wake(): void {
    if (this.#paces.size === 1 || this.#bodies.running + 1 < this.#bodies.most) return;
    for (const pace of this.#paces.values()) pace.wakeSoon();
  }

  #forget(): void {
    for (const [origin, pace] of this.#paces) if (pace.isIdle) this.#paces.delete(origin);
  }
}
