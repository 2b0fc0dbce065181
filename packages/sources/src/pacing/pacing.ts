import type { Places } from "@brigade/core";
import { BodyPlaces } from "./bodies/body-places.ts";
import { Budgets, type Limits } from "./budgets/budgets.ts";
import { Pace } from "./pace.ts";
import type { PaceChange } from "./pace-options.ts";
import { SourceHold } from "./source-hold.ts";
import { type Clock, systemClock } from "./turns/clock.ts";
import type { Purpose } from "./turns/turn.ts";

/** Servers that are kept although no request is open. */
const remembered = 1_000;
const unlimited: Places = { most: Number.POSITIVE_INFINITY, isSought: false };

export interface PacingOptions {
  /** Bodies at once, over all servers. Default: without a limit. */
  readonly bodies?: Places | undefined;
  /**
   * Milliseconds. A request that would wait longer because a server asked for that gets a
   * SourceError instead.
   */
  readonly patience?: number | undefined;
}

/** The pace of requests to each server of a source. */
export class Pacing {
  /** Called with each finding. */
  onChange: (change: PaceChange) => void = () => {};
  readonly #bodies: BodyPlaces;
  readonly #budgets: Budgets;
  readonly #patience: number;
  readonly #clock: Clock;
  readonly #paces = new Map<string, Pace>();
  readonly #hold: SourceHold;

  constructor(
    { bodies = unlimited, patience = Number.POSITIVE_INFINITY }: PacingOptions,
    clock: Clock = systemClock,
  ) {
    this.#patience = patience;
    this.#bodies = new BodyPlaces(bodies, clock.now);
    this.#budgets = new Budgets(clock, () => this.#wakeNow());
    this.#clock = clock;
    this.#hold = new SourceHold(clock);
  }

  /** The places for bodies. */
  get bodies(): Pick<BodyPlaces, "limit" | "running" | "isShort" | "isAtMost"> {
    return this.#bodies;
  }

  /** What the operator allows from now on, over all servers. Nothing is broken off for it. */
  limit(limits: Limits): void {
    this.#budgets.limit(limits);
    this.#wakeNow();
  }

  /** Whether requests of this kind wait for what the operator allows. */
  isHeldBack(purpose: Purpose): boolean {
    return this.#budgets.isShort(purpose);
  }

  /** Whether a server accepts fewer requests for bodies than would be sent. */
  get isLimited(): boolean {
    return this.#paces.values().some((pace) => pace.limits("body"));
  }

  /** Whether a server accepts fewer requests for pages than would be sent. */
  get arePagesLimited(): boolean {
    return this.#paces.values().some((pace) => pace.limits("page"));
  }

  /** Bytes of all answers so far. */
  get received(): number {
    return this.#bodies.bytes;
  }

  /** `origin`: `http://host:port`. */
  of(origin: string): Pace {
    const known = this.#paces.get(origin);
    if (known !== undefined) return known;
    if (this.#paces.size >= remembered) this.#forget();
    const pace = new Pace(origin, {
      bodies: this.#bodies,
      budgets: this.#budgets,
      clock: this.#clock,
      hold: this.#hold,
      onChange: (change) => this.onChange(change),
      onFreePlace: () => this.#wake(),
      waiting: () => this.#waiting,
      patience: this.#patience,
    });
    this.#paces.set(origin, pace);
    return pace;
  }

  /**
   * To be called when everything is refused, also what was given before, and no server gives a reason: if
   * requests were served until then, they are not sent that fast again for a while.
   */
  banned(): void {
    for (const pace of this.#paces.values()) pace.banned();
  }

  /** No request starts from now on, until `release`. */
  hold(): void {
    if (!this.#hold.begin()) return;
    for (const pace of this.#paces.values()) pace.held();
  }

  release(): void {
    if (!this.#hold.end()) return;
    for (const pace of this.#paces.values()) pace.wakeSoon();
  }

  get isHeld(): boolean {
    return this.#hold.isOn;
  }

  /** Monotonic milliseconds that stand still while the source is held. */
  get workingTime(): () => number {
    return this.#hold.workingTime;
  }

  /** A place for a body is free: the request that waits for one may be for another server. */
  #wake(): void {
    if (this.#paces.size === 1) return;
    for (const pace of this.#paces.values()) pace.wakeSoon();
  }

  #wakeNow(): void {
    for (const pace of this.#paces.values()) pace.wake();
  }

  /** Requests for bodies that wait for their turn. */
  get #waiting(): number {
    let all = 0;
    for (const { threads } of this.#paces.values()) all += threads.waiting;
    return all;
  }

  #forget(): void {
    for (const [origin, pace] of this.#paces) if (pace.isIdle) this.#paces.delete(origin);
  }
}
