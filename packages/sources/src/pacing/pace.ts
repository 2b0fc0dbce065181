import { isProbe, SourcePaused } from "@brigade/core";
import { abortError } from "../http/faults/cancelled.ts";
import { BanCeiling } from "./ban-ceiling.ts";
import { ConnectionLimit } from "./connections/connection-limit.ts";
import { SilenceWatch } from "./connections/silence-watch.ts";
import { askedToWait, type Lane, nextOf, waitIn } from "./lane.ts";
import type { PaceOptions } from "./pace-options.ts";
import { OwnRefusals } from "./rates/own-refusals.ts";
import { RequestRate } from "./rates/request-rate.ts";
import { ThreadRequests } from "./thread-requests.ts";
import type { HeldBody } from "./turns/account.ts";
import { Alarm } from "./turns/clock.ts";
import { type Finding, type Purpose, Turn, type TurnGiver, type Verdict } from "./turns/turn.ts";
import { type Waiter, Waiting } from "./turns/waiting.ts";

/** Requests at one server at once, beyond those for bodies. */
const besideBodies = 32;
/** Milliseconds that a question about an object waits for a place: a body may wait for it. */
const metadataPatience = 1_000;
const never = Number.POSITIVE_INFINITY;

/** The pace of requests to one server: a rate per kind of request, and places for all kinds. */
export class Pace implements TurnGiver {
  readonly #origin: string;
  readonly #options: PaceOptions;
  readonly #connections: ConnectionLimit;
  readonly #silence: SilenceWatch;
  readonly #ceiling: BanCeiling;
  readonly #lanes: Readonly<Record<Purpose, Lane>>;
  readonly #order: readonly Lane[];
  readonly #alarm: Alarm;
  /** For requests of other threads. */
  readonly threads: ThreadRequests;
  #isWaking = false;

  constructor(origin: string, options: PaceOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#connections = new ConnectionLimit(options.bodies.most + besideBodies);
    this.#silence = new SilenceWatch(options.clock, this.#connections, () =>
      this.#reportConnections("it answers no more at once"),
    );
    this.#ceiling = new BanCeiling(options.clock.now);
    const lane = (purpose: Purpose): Lane => ({
      purpose,
      rate: new RequestRate(options.clock, (refusedShare) =>
        options.onChange({ kind: "steady", origin, purpose, refusedShare }),
      ),
      own: new OwnRefusals(),
      waiting: new Waiting(),
    });
    this.#lanes = { page: lane("page"), metadata: lane("metadata"), body: lane("body") };
    this.#order = Object.values(this.#lanes);
    this.#alarm = new Alarm(options.clock, () => this.wake());
    this.threads = new ThreadRequests({
      lane: this.#lanes.body,
      ceiling: this.#ceiling,
      connections: this.#connections,
      bodies: options.bodies,
      budgets: options.budgets,
      now: options.clock.now,
      waiting: options.waiting,
      onFree: () => {
        this.wakeSoon();
        options.onFreePlace();
      },
      onFewer: () => this.#reportConnections("it answers no more at once"),
    });
  }

  /**
   * Returns a turn, or a promise of one if it must wait: the common case costs no promise.
   */
  enter(purpose: Purpose, signal: AbortSignal, path?: string): Turn | Promise<Turn> {
    if (signal.aborted) throw abortError(signal.reason);
    if (this.#options.hold.isOn)
      return this.#options.hold.over(signal).then(() => this.enter(purpose, signal, path));
    const lane = this.#lanes[purpose];
    // Those whose turn it is may be held until it is answered.
    if (isProbe(signal) && purpose !== "metadata") {
      const turn = this.#begin(lane, path);
      turn.isProbe = true;
      return turn;
    }
    if (lane.rate.askedWait > this.#options.patience) throw askedToWait(this.#origin, lane);
    const wait = lane.waiting.size > 0 ? never : this.#wait(lane, never);
    if (wait === 0) return this.#begin(lane, path);
    const turn = waitIn(lane, signal, path, this.#options.clock.now());
    // Behind others of its kind, or until a request ends, nothing new can start: no alarm is set.
    if (wait !== never) this.wake();
    return turn;
  }

  /** No request is under way or waits, and nothing was found out about the server. */
  get isIdle(): boolean {
    return (
      this.#connections.isUnused &&
      this.#order.every(({ rate, waiting }) => waiting.size === 0 && rate.perSecond === never)
    );
  }

  /** The source is held: what has a turn and is not sent is taken back, and waits. */
  held(): void {
    this.#silence.takeBackUnsent();
  }

  /** Whether the server accepts fewer requests of this kind than would be sent. */
  limits(purpose: Purpose): boolean {
    return this.#connections.isLearnt || this.#lanes[purpose].rate.isLimited;
  }

  /** Starts the requests that wait, as far as they may start now. */
  wake(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      next.lane.waiting.delete(next.waiter);
      next.waiter.start(this.#begin(next.lane, next.waiter.path));
    }
    this.#setAlarm();
  }

  /** The source refuses everything, also what it gave before, by the finding of its consumer. */
  banned(): void {
    const perSecond = this.#ceiling.found(this.#order);
    if (perSecond !== undefined) this.#report({ kind: "ban", perSecond });
  }

  /** Of a turn: an answer began. `isFirst`: the first over its connection, as far as known. */
  answered(turn: Turn, isFirst: boolean): void {
    if (isFirst) this.#connections.opened();
    this.#silence.answered(turn);
  }

  /** Of a turn. Returns whether its body is to be held, if there is more of it. */
  received(turn: Turn, bytes: number): boolean {
    this.#options.bodies.received(bytes);
    return this.#options.budgets.bytes.came(turn, bytes);
  }

  /** Of a turn. Returns false if its body may come on. */
  hold(turn: Turn, body: HeldBody): boolean {
    return this.#options.budgets.bytes.hold(turn, body);
  }

  /** Of a turn. */
  judged(turn: Turn, verdict: Verdict, retryAfterMs?: number): Finding | undefined {
    const { purpose, path, sentAt, beside } = turn;
    const lane = this.#lanes[purpose];
    const { rate } = lane;
    let finding: Finding | undefined;
    if (turn.isProbe && lane.own.witness(verdict === "served")) rate.restore();
    switch (verdict) {
      case "served":
        rate.served(sentAt);
        if (path !== undefined && !turn.isProbe) lane.own.served(path);
        if (this.#connections.served(this.#options.clock.now(), beside)) this.wake();
        break;
      case "broken":
        rate.ended(sentAt);
        break;
      case "refused":
        finding = this.#refused(turn, lane, retryAfterMs);
        break;
      case "forbidden":
        if (rate.isBan(sentAt)) return this.#ban(lane, sentAt);
        break;
      case "banned":
        return this.#ban(lane, sentAt, retryAfterMs);
    }
    if (lane.waiting.size > 0) this.wake();
    return finding;
  }

  #refused({ path, sentAt, beside }: Turn, lane: Lane, retryAfterMs?: number): Finding | undefined {
    const { purpose, rate, own } = lane;
    if (path !== undefined && own.refused(path, rate.isHeld)) {
      rate.ended(sentAt);
      return "own";
    }
    const isTooManyAtOnce = this.#isTooManyAtOnce(beside);
    if (isTooManyAtOnce && retryAfterMs === undefined) rate.ended(sentAt);
    else if (rate.refused(sentAt, retryAfterMs) && !rate.accept(own.shareRefused))
      this.#report({ kind: "rate", purpose, perSecond: rate.perSecond });
    if (rate.askedWait > this.#options.patience)
      for (const waiter of lane.waiting.all()) waiter.abort(askedToWait(this.#origin, lane));
    return rate.isServing && (isTooManyAtOnce || rate.isLimited) ? "haste" : undefined;
  }

  #isTooManyAtOnce(beside: number): boolean {
    const before = this.#connections.limit;
    const isSo = this.#connections.refused(this.#options.clock.now(), beside);
    if (this.#connections.limit < before) this.#reportConnections("it refuses more at once");
    return isSo;
  }

  /** Of a turn: nothing more comes. */
  ended(turn: Turn, timedOut: boolean): void {
    this.#silence.ended(turn);
    this.#options.budgets.bytes.ended(turn, turn.purpose === "body");
    if (timedOut && this.#connections.timedOut(this.#options.clock.now()))
      this.#reportConnections("no answer in time");
    // Its connection is free one turn later. Before, another would open, which may not be served.
    const { isLearnt, isOpening } = this.#connections;
    if (isLearnt || isOpening) setImmediate(() => setImmediate(() => this.#free(turn)));
    else this.#free(turn);
  }

  #free({ purpose }: Turn): void {
    const { bodies, onFreePlace } = this.#options;
    this.#connections.leave();
    if (purpose === "body" && bodies.leave()) onFreePlace();
    this.wakeSoon();
  }

  /** Starts waiting requests when the used connection is free again. */
  wakeSoon(): void {
    if (this.#isWaking || !this.#hasWaiting()) return;
    this.#isWaking = true;
    queueMicrotask(this.#wakeNow);
  }

  /** Made once: one per answer would cost more than the check. */
  readonly #wakeNow = () => {
    this.#isWaking = false;
    this.wake();
  };

  #hasWaiting(): boolean {
    for (const { waiting } of this.#order) if (waiting.size > 0) return true;
    return false;
  }

  #begin({ purpose, rate }: Lane, path: string | undefined): Turn {
    const beside = this.#connections.enter();
    if (purpose === "body") this.#options.bodies.enter();
    const turn = new Turn(this, purpose, path, rate.sent(), beside);
    this.#ceiling.sent(purpose);
    this.#options.budgets.begin(purpose, turn);
    this.#silence.sent(turn);
    return turn;
  }

  /**
   * Returns the milliseconds until a request of this kind may start. Infinite: when another ends.
   */
  #wait({ purpose, rate }: Lane, since: number): number {
    const { bodies, budgets, clock, hold } = this.#options;
    if (hold.isOn) return never;
    if (purpose === "body" && bodies.isFull) return never;
    const wait = Math.max(rate.wait(), this.#ceiling.wait(purpose), budgets.wait(purpose));
    if (wait > 0 || this.#connections.isFree) return wait;
    if (purpose !== "metadata") return never;
    if (!this.#connections.isLearnt) return 0;
    return since === never ? metadataPatience : Math.max(0, since + metadataPatience - clock.now());
  }

  /** Returns the request that has waited longest, of those that may start now. */
  #next(): { lane: Lane; waiter: Waiter } | undefined {
    let next: { lane: Lane; waiter: Waiter } | undefined;
    for (const lane of this.#order) {
      const waiter = nextOf(lane);
      if (waiter === undefined) continue;
      if (waiter.gate?.isClosed) {
        waiter.abort(new SourcePaused());
        return this.#next();
      }
      if (next !== undefined && next.waiter.since <= waiter.since) continue;
      if (this.#wait(lane, waiter.since) === 0) next = { lane, waiter };
    }
    return next;
  }

  #setAlarm(): void {
    let soonest = never;
    for (const lane of this.#order) {
      const waiter = nextOf(lane);
      if (waiter !== undefined) soonest = Math.min(soonest, this.#wait(lane, waiter.since));
    }
    if (soonest !== never) this.#alarm.set(soonest);
  }

  #ban({ purpose, rate }: Lane, sentAt: number, retryAfterMs?: number): "ban" {
    const perSecond = rate.banned(sentAt, retryAfterMs);
    if (perSecond !== undefined) this.#report({ kind: "ban", purpose, perSecond });
    this.wake();
    return "ban";
  }

  #report(change: { kind: "rate" | "ban"; purpose?: Purpose; perSecond: number }): void {
    this.#options.onChange({ ...change, origin: this.#origin });
  }

  #reportConnections(why: string): void {
    this.#options.onChange({
      kind: "connections",
      origin: this.#origin,
      limit: this.#connections.limit,
      why,
    });
  }
}
