import type { Broker, Delivery, QueueKind, Subscription, Verdict } from "../contracts/broker.ts";
import type { Source } from "../contracts/source.ts";
import type { ControlState } from "../control/control-state.ts";
import type { FatalError } from "../failures.ts";
import type { OutageParts, OutageReport } from "../health/outage.ts";
import { RequestGate, withGate } from "../health/request-gate.ts";
import { Restraint } from "../host/process-limits.ts";
import type { Log } from "../log.ts";
import { otherMeaning } from "../messages/job.ts";
import type { Message } from "../messages/messages.ts";
import { delays } from "../retrying/pauses.ts";
import { type Alarm, alarm, type Delayer, delay } from "../time/delay.ts";
import { eitherSignal } from "../time/either-signal.ts";
import { InHand } from "./in-hand.ts";
import { Obedience } from "./obedience.ts";
import { Quarantine, type Work, type WorkMessage } from "./quarantine.ts";
import { Valve } from "./valve.ts";

/** What every consumer of work is given. */
export interface ConsumerParts {
  /** Without waits: probes are sent to it directly. */
  readonly source: Source;
  /** The source's name. */
  readonly name: string;
  readonly broker: Broker;
  readonly host: string;
  readonly log: Log;
  /** The source refuses us or is away for too long, or it can never work as configured. */
  readonly onGiveUp: (error: FatalError) => void;
  /** The source refuses everything, which may be because it was asked too fast. */
  readonly onBan: () => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** What people have ordered of the source; absent: nothing. */
  readonly control?: Pick<ControlState, "onChange"> | undefined;
  /**
   * Milliseconds of a monotonic clock; by default since the beginning of this process. It may stand
   * still while the source is held: then no outage is counted.
   */
  readonly monotonic?: () => number;
  readonly delay?: Delayer;
  readonly alarm?: Alarm;
}

type Type = WorkMessage["type"];
type MessageOf<T extends Type> = Extract<WorkMessage, { readonly type: T }>;

interface WorkQueue {
  readonly queue: QueueKind;
  readonly prefetch: number;
}

/** A kind of work, and what is done with a message of it. */
export interface WorkKind<T extends Type> {
  readonly type: T;
  /**
   * Where it comes from, with the number of deliveries in hand. The first is the queue of new work.
   */
  readonly queues: readonly [WorkQueue, ...WorkQueue[]];
  /** Where it comes from after a wait. */
  readonly comesBackBy: QueueKind;
  /** Returns the number of pieces in a message. */
  count(message: MessageOf<T>): number;
  /** Returns the same work in this many messages, or in one per piece if there are fewer. */
  split(message: MessageOf<T>, shares: number): MessageOf<T>[];
  /** Whether more work may be begun now. Not asked about suspects. */
  readonly admits?: () => boolean | Promise<boolean>;
  /** Does the work. `isAlone`: this process has nothing else in hand. */
  run(message: MessageOf<T>, delivery: Delivery, signal: AbortSignal, isAlone: boolean): Promise<Verdict>;
  /** Reports every piece failed. Resolves when that is safe. */
  fail(message: MessageOf<T>, reason: string): Promise<void>;
}

/** How the consumer calls what it does, in its log lines and in the reasons of its pauses. */
export interface ConsumerWords {
  /** `listing`, `fetching`. */
  readonly activity: string;
  /** Why it pauses while the source refuses everything. */
  readonly refusing: string;
}

const unwell = "source unwell";

/**
 * Consumes one kind of work for one source. Before a message is worked on:
 * 1. a message of another kind is rejected;
 * 2. a message of a job with another fingerprint is given back, and the consumer gives up;
 * 3. while the consumer pauses, and while `admits` says no, a message is given back;
 * 4. a message whose process died again and again is put into quarantine.
 * The consumer pauses while its source is unwell, and for whatever else closes its valve.
 */
export class GuardedConsumer<T extends Type> implements AsyncDisposable {
  readonly valve = new Valve();
  /** For all requests but probes: they are held or refused while the source is unwell. */
  readonly source: Source;
  /** How much is done at once after this process has reached a limit. */
  readonly restraint: Restraint;
  /** Work of this process that the broker has for later. */
  readonly inHand = new InHand();
  /** For who judges whether the source is well. */
  readonly outage: Omit<OutageParts, "probe">;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly delay: Delayer;
  readonly alarm: Alarm;
  readonly #parts: ConsumerParts;
  readonly #words: ConsumerWords;
  readonly #leaving = new AbortController();
  readonly #orLeaving = eitherSignal(this.#leaving.signal);
  readonly #subscriptions: Subscription[] = [];
  readonly #obedience: Obedience;
  #quarantine: Quarantine | undefined;
  /** The reason of the source's outage, as the valve was closed with it. */
  #pausedFor = unwell;

  constructor(parts: ConsumerParts, words: ConsumerWords) {
    this.#parts = parts;
    this.#words = words;
    this.now = parts.now ?? Date.now;
    this.monotonic = parts.monotonic ?? (() => performance.now());
    this.delay = parts.delay ?? delay;
    this.alarm = parts.alarm ?? alarm;
    this.restraint = new Restraint(parts.log, this.monotonic);
    this.#obedience = new Obedience(this.valve, parts);
    const gate = new RequestGate();
    this.source = withGate(parts.source, gate);
    this.outage = {
      gate,
      onPause: (report) => this.#pause(report),
      onResume: (pausedMs) => this.#resume(pausedMs),
      onGiveUp: parts.onGiveUp,
      signal: this.leaving,
      now: this.monotonic,
      delay: this.delay,
    };
  }

  /** Aborted when what is in hand is to be given back. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Why it pauses, for people; empty while it runs. */
  get pauses(): readonly string[] {
    return this.valve.reasons;
  }

  /** Consumes from now on. To be called once. */
  async start(kind: WorkKind<T>): Promise<void> {
    const { name, broker, log } = this.#parts;
    const quarantine = new Quarantine({
      valve: this.valve,
      consumeAlone: () =>
        broker.consume(
          { source: name, queue: kind.comesBackBy },
          { prefetch: 1, isFirst: true },
          (delivery) => this.#handle({ ...delivery, standAside() {} }, { kind, quarantine, isAlone: true }),
        ),
      log,
      delay: this.delay,
      alarm: this.alarm,
      lived: this.monotonic,
      leaving: this.leaving,
    });
    this.#quarantine = quarantine;
    const ordinary = { kind, quarantine, isAlone: false };
    for (const { queue, prefetch } of kind.queues)
      this.#subscriptions.push(
        await broker.consume({ source: name, queue }, { prefetch }, (delivery) =>
          this.#handle(delivery, ordinary),
        ),
      );
    for (const subscription of this.#subscriptions) await this.valve.add(subscription);
  }

  /** Changes how many deliveries of new work are in hand at once. */
  setPrefetch(prefetch: number): void {
    void this.#subscriptions[0]?.setPrefetch(prefetch);
  }

  /** Begins nothing more, lets what is in hand finish within `graceMs`, then gives it back. */
  async stop(graceMs: number): Promise<void> {
    const stopped = new AbortController();
    this.delay(graceMs, stopped.signal).then(
      () => this.#leaving.abort(),
      () => undefined, // all was done in time
    );
    await this.#close();
    stopped.abort();
  }

  /** Gives back at once what is in hand. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort();
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#obedience[Symbol.dispose]();
    await this.valve.close("stopping");
    await Promise.all(this.#subscriptions.map((one) => one[Symbol.asyncDispose]()));
    this.#leaving.abort();
    await this.#quarantine?.[Symbol.asyncDispose]();
  }

  async #handle(delivery: Delivery, { kind, quarantine, isAlone }: Way<T>): Promise<Verdict> {
    const { message } = delivery;
    const { type } = message;
    if (!isOfType(message, kind.type))
      return { kind: "reject", reason: `a ${type} message among ${kind.queues[0].queue}` };
    if (message.job.fingerprint !== this.source.fingerprint) {
      void this.valve.close("configured differently");
      this.#parts.onGiveUp(otherMeaning(message.job));
      return { kind: "release" };
    }
    if (isAlone && quarantine.isPaused) return { kind: "retry", remainder: [message], delay: delays[1] };
    if (!isAlone && this.valve.isClosed) return { kind: "release" };
    if (!isAlone && kind.admits !== undefined && !(await kind.admits())) return { kind: "release" };
    const work: Work<MessageOf<T>> = {
      message,
      delivery,
      pieces: kind.count(message),
      split: (shares) => kind.split(message, shares),
      run: (signal) => kind.run(message, delivery, this.#orLeaving(signal), isAlone),
      fail: (reason) => kind.fail(message, reason),
    };
    return await quarantine.handle(work, isAlone);
  }

  #pause({ reason, isBan }: OutageReport): void {
    const { activity, refusing } = this.#words;
    this.#pausedFor = isBan ? refusing : unwell;
    const what = isBan ? "the source refuses everything" : "the source is unwell";
    this.#parts.log.warn({ reason }, `${activity} pauses: ${what}`);
    void this.valve.close(this.#pausedFor);
    if (isBan) this.#parts.onBan();
  }

  #resume(pausedMs: number): void {
    const { activity } = this.#words;
    this.#parts.log.warn({ pausedMs }, `${activity} goes on: the source answers again`);
    void this.valve.open(this.#pausedFor);
  }
}

/** How a delivery came here. */
interface Way<T extends Type> {
  readonly kind: WorkKind<T>;
  readonly quarantine: Quarantine;
  /** It was consumed by the quarantine, while this process had nothing else in hand. */
  readonly isAlone: boolean;
}

function isOfType<T extends Type>(message: Message, type: T): message is MessageOf<T> {
  return message.type === type;
}
