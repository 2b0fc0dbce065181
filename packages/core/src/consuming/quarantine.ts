import type { Delivery, Subscription, Verdict } from "../contracts/broker.ts";
import type { Log } from "../log.ts";
import type { DirectoryMessage, FilesMessage } from "../messages/messages.ts";
import { type Treatment, treat } from "../messages/suspicion.ts";
import type { Alarm, Delayer } from "../time/delay.ts";
import { eitherSignal } from "../time/either-signal.ts";
import { comeBack, returnsOf } from "./returns.ts";
import type { Valve } from "./valve.ts";

const reason = "handling a suspect alone";
/** Messages that a suspect is split into. */
const shares = 8;
/**
 * Milliseconds that what is in hand may take to finish before a suspect is handled; then it is
 * given back.
 */
const drainWithin = 10_000;
/**
 * Milliseconds. A process is alone until no suspect has come for `idleFor`, and for `aloneFor` at
 * most. The first suspect may take `firstWithin` to arrive.
 */
const idleFor = 3_000;
const firstWithin = 15_000;
const aloneFor = 60_000;
const look = 500;
/** Milliseconds for ordinary work that comes while a process is alone. */
const ordinaryWithin = 10_000;

export type WorkMessage = FilesMessage | DirectoryMessage;

/** A delivery of work, and what can be done with it. */
export interface Work<M extends WorkMessage = WorkMessage> {
  readonly message: M;
  readonly delivery: Delivery;
  /** The number of pieces in it, to be handled one by one if need be. */
  readonly pieces: number;
  /** Returns the same work in this many messages, or in one per piece if there are fewer. */
  split(shares: number): M[];
  run(signal: AbortSignal): Promise<Verdict>;
  /** Reports every piece failed; resolves when that is safe. */
  fail(reason: string): Promise<void>;
}

export interface QuarantineParts {
  /** Closed to pause the ordinary subscriptions. */
  readonly valve: Valve;
  /**
   * Consumes from where work comes back, one message at a time and before all other consumers. Its
   * deliveries are handled with `isAlone`.
   */
  readonly consumeAlone: () => Promise<Subscription>;
  readonly log: Log;
  readonly delay: Delayer;
  readonly alarm: Alarm;
  /** Milliseconds that this process has lived, monotonic. */
  readonly lived: () => number;
  readonly leaving: AbortSignal;
}

/** Handles work, and with care what may end its process (`treat` says how). */
export class Quarantine implements AsyncDisposable {
  readonly #parts: QuarantineParts;
  readonly #running = new Set<Promise<unknown>>();
  /** Aborted when what runs is to be given back. */
  #hurry = new AbortController();
  #orHurry = eitherSignal(this.#hurry.signal);
  #session: Promise<void> | undefined;
  /** When the last suspect was handled, in the life of this process. */
  #lastSuspect = 0;

  constructor(parts: QuarantineParts) {
    this.#parts = parts;
  }

  /**
   * Whether work that comes while this process is alone must wait all the same, because the process
   * pauses for another reason, too.
   */
  get isPaused(): boolean {
    return this.#parts.valve.reasons.some((one) => one !== reason);
  }

  /** Resolves when the last suspect is settled. To be called when `leaving` is aborted. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session;
  }

  /** `isAlone`: it came from `consumeAlone`. */
  async handle(work: Work, isAlone: boolean): Promise<Verdict> {
    const { message, delivery, pieces } = work;
    const { suspicion } = message;
    const { deliveries: losses } = delivery;
    const lived = this.#parts.lived();
    const treatment = treat({ suspicion, losses, pieces, lived, isAlone });
    switch (treatment.kind) {
      case "ordinary":
        return isAlone
          ? await this.#within(ordinaryWithin, delivery.signal, (signal) => work.run(signal))
          : await this.#among(() => work.run(this.#orHurry(delivery.signal)));
      case "alone":
        return await this.#alone(work, treatment);
      case "later":
        return this.#later(work, treatment);
      case "deadly": {
        const why = `its process died ${treatment.deaths} times while it handled nothing else, and lived longer without it`;
        await work.fail(why);
        return { kind: "reject", reason: why };
      }
    }
  }

  /** Keeps an ordinary task, so that a suspect can wait for it. */
  async #among<T>(task: () => Promise<T>): Promise<T> {
    const running = task();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #alone(work: Work, { windowMs, survived }: Treatment & { kind: "alone" }): Promise<Verdict> {
    this.#parts.log.info({ pieces: work.pieces, windowMs }, "a suspect is handled alone");
    let isOver = false;
    const verdict = await this.#within(windowMs, work.delivery.signal, (signal) => {
      signal.addEventListener("abort", () => {
        isOver = true;
      });
      return work.run(signal);
    });
    this.#lastSuspect = this.#parts.lived();
    if (!isOver || this.#parts.leaving.aborted || work.delivery.signal.aborted) return verdict;
    // The process lives: what is left is handled among others.
    if (verdict.kind === "release")
      return { kind: "retry", delay: 1_000, remainder: [{ ...work.message, suspicion: survived }] };
    if (verdict.kind !== "retry") return verdict;
    return comeBack(
      returnsOf(verdict).map(({ message, delay }) => ({
        message: { ...message, suspicion: survived },
        delay,
      })),
    );
  }

  #later(work: Work, { suspicion, delay, split, prepare }: Treatment & { kind: "later" }): Verdict {
    const { message, delivery, pieces } = work;
    const { deliveries: losses } = delivery;
    if (losses > 0)
      this.#parts.log.warn(
        { losses, pieces, deaths: suspicion.deaths },
        "a message whose process died repeatedly is handled with care",
      );
    if (prepare)
      this.#session ??= this.#prepare().finally(() => {
        this.#session = undefined;
      });
    return {
      kind: "retry",
      delay,
      remainder: (split ? work.split(shares) : [message]).map((one) => ({ ...one, suspicion })),
    };
  }

  /** Runs the task with a signal that aborts after `ms` milliseconds. */
  async #within<T>(ms: number, signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const over = new AbortController();
    using _ = this.#parts.alarm(ms, () => over.abort());
    return await task(AbortSignal.any([signal, over.signal]));
  }

  /**
   * Consumes nothing more, lets what is in hand finish or gives it back, and then consumes suspects
   * one by one.
   */
  async #prepare(): Promise<void> {
    const { valve, leaving, log } = this.#parts;
    try {
      await valve.close(reason);
      await this.#drain();
      if (!leaving.aborted) await this.#beAlone();
    } catch (error) {
      if (!leaving.aborted) log.error({ err: error }, "suspects cannot be handled alone now");
    } finally {
      await valve.open(reason);
    }
  }

  async #drain(): Promise<void> {
    const { alarm } = this.#parts;
    using _ = alarm(drainWithin, () => this.#hurry.abort(new DOMException(reason, "AbortError")));
    await Promise.allSettled(this.#running);
    this.#hurry = new AbortController();
    this.#orHurry = eitherSignal(this.#hurry.signal);
  }

  async #beAlone(): Promise<void> {
    const { consumeAlone, delay, lived, leaving } = this.#parts;
    const began = lived();
    this.#lastSuspect = began + firstWithin - idleFor;
    await using _ = await consumeAlone();
    while (!leaving.aborted && lived() - began < aloneFor && lived() - this.#lastSuspect < idleFor)
      await delay(look, leaving).catch(() => undefined);
  }
}
