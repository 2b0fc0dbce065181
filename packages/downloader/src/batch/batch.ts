import type {
  Alarm,
  Broker,
  Delivery,
  FailureClass,
  FilesMessage,
  InHand,
  ObjectEntry,
  Placement,
  Reservation,
  StoredObject,
  Verdict,
} from "@brigade/core";
import { comeBack, delayOf, delays, inShares } from "@brigade/core";
import { presumedSize } from "../memory/body-size.ts";
import type { Fetched, FetchParts } from "../object/object-fetch.ts";
import { entryOf, idOf, keyOf, type Listed, listedIn, messageFor } from "./listed.ts";
import { Report } from "./report.ts";

export interface BatchParts extends FetchParts {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly broker: Broker;
  readonly placement: Placement;
  readonly host: string;
  readonly maxAttempts: number;
  readonly alarm: Alarm;
  readonly inHand: InHand;
  /** `bytes`: of the object that finds no room; 0: nothing does. */
  readonly onExhausted: (reason: string, bytes: number) => void;
}

type BatchDelivery = Pick<Delivery, "standAside" | "onOverdue">;

/** An object without an outcome, and when to try it again. */
interface Remainder {
  readonly listed: Listed;
  readonly counted: boolean;
  readonly waitMs: number;
}

/** Milliseconds that outcomes wait for the slowest of their batch, at most. */
const reportAfter = 1_000;
/** A batch stands aside when this part of its objects, or one, is left. */
const stragglers = 1 / 8;

/**
 * What becomes of the objects of one message: their outcomes, and what is to be tried again. To be
 * disposed of.
 */
export class Batch implements Disposable {
  readonly message: FilesMessage;
  readonly listed: readonly Listed[];
  readonly #parts: BatchParts;
  readonly #delivery: BatchDelivery;
  /** The outcomes that are not published yet. */
  #report: Report;
  readonly #again: Remainder[] = [];
  /** With an outcome, or to be tried again; in the order in which that was known. */
  readonly #decided: Listed[] = [];
  /** How many of the decided are known to the reservation: their room is taken. */
  #spent = 0;
  /** Outcomes that are being published. */
  readonly #publishing: Promise<void>[] = [];
  /**
   * What was handed over to the broker for later. To be resolved with whether the outcome was
   * published.
   */
  readonly #fates = new Map<Listed, (isReported: boolean) => void>();
  #reservation: Reservation | undefined;
  #alarm: Disposable | undefined;
  /** Set when its first outcomes were published before the last were known. */
  #isLate = false;

  constructor(parts: BatchParts, message: FilesMessage, delivery: BatchDelivery) {
    this.message = message;
    this.listed = listedIn(message);
    this.#parts = parts;
    this.#delivery = delivery;
    this.#report = this.#newReport();
    this.#setAlarm();
    delivery.onOverdue(() => this.#handOver());
  }

  /** Keeps the room for it until it is concluded. */
  hold(reservation: Reservation): void {
    this.#reservation = reservation;
  }

  [Symbol.dispose](): void {
    for (const resolve of this.#fates.values()) resolve(false);
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
    this.#reservation?.release();
  }

  /** `entry`: the object as it was found to be, with its date. */
  stored(listed: Listed, entry: Omit<ObjectEntry, "key">, stored: StoredObject, volume: string): void {
    this.#report.stored(listed, entry, stored, volume);
    this.#decide(listed);
  }

  vanished(listed: Listed): void {
    this.#report.vanished(listed);
    this.#decide(listed);
  }

  failed(listed: Listed, reason: string, kind: FailureClass): void {
    this.#report.failed(listed, reason, kind);
    this.#decide(listed);
  }

  /** Its outcome was published by another batch of this process. */
  reportedByOther(listed: Listed): void {
    this.#decide(listed);
  }

  /** To be tried again. `counted`: that uses up an attempt. */
  again(listed: Listed, { counted, waitMs }: Omit<Remainder, "listed">): void {
    this.#again.push({ listed, counted, waitMs });
    this.#decide(listed);
  }

  /** Called with what came of fetching an object onto a volume. */
  fetched(listed: Listed, fetched: Fetched, volume: string): void {
    const { maxAttempts, log } = this.#parts;
    const { attempt } = this.message;
    switch (fetched.kind) {
      case "stored":
        this.stored(listed, fetched.entry, fetched.stored, volume);
        return;
      case "vanished":
        this.vanished(listed);
        return;
      case "failed":
        log.warn({ key: keyOf(listed), attempt, reason: fetched.reason }, "an object failed");
        this.failed(listed, fetched.reason, fetched.class);
        return;
      case "again": {
        const { counted, reason, class: kind } = fetched;
        if (counted && attempt + 1 >= maxAttempts) {
          log.warn({ key: keyOf(listed), attempt, reason }, "an object failed, out of attempts");
          this.failed(listed, reason, kind);
          return;
        }
        const patience = counted ? (delays[Math.min(attempt, delays.length - 1)] ?? 0) : delays[0];
        log.debug({ key: keyOf(listed), attempt, counted, reason }, "an object is tried again later");
        this.again(listed, { counted, waitMs: Math.max(patience, fetched.waitMs) });
      }
    }
  }

  /** Whether every object is to be tried again as it came: nothing was learnt. */
  get isUntouched(): boolean {
    return this.#again.length === this.listed.length && this.#again.every(({ counted }) => !counted);
  }

  /** Resolves with the verdict, when the outcomes are safe (rule 1). */
  async conclude(): Promise<Verdict> {
    await this.#publishAll();
    const { message } = this;
    // An object of which its server has demanded a long wait does not make the others wait.
    const groups = Map.groupBy(this.#again, ({ counted, waitMs }) => `${counted} ${delayOf(waitMs)}`);
    return comeBack(
      [...groups.values()].map((group) => {
        const { counted, waitMs } = group[0]!;
        const listed = group.map((one) => one.listed);
        return {
          message: messageFor(message, listed, message.attempt + Number(counted)),
          delay: delayOf(waitMs),
        };
      }),
    );
  }

  /** What is left comes again soon, in two messages. */
  async halve(left: readonly Listed[]): Promise<Verdict> {
    return await this.split(inShares(left, 2));
  }

  /** What is left comes again soon, each group in a message of its own. */
  async split(left: readonly (readonly Listed[])[]): Promise<Verdict> {
    await this.#publishAll();
    const { message } = this;
    const remainder = left.map((some) => messageFor(message, some, message.attempt));
    return { kind: "retry", delay: delays[0], remainder };
  }

  async #publishAll(): Promise<void> {
    this.#publish();
    this.#reservation?.release();
    await Promise.all(this.#publishing);
    const again = new Set(this.#again.map(({ listed }) => listed));
    for (const [listed, resolve] of this.#fates) resolve(!again.has(listed));
  }

  /**
   * The delivery can be held no longer: what has no outcome comes again, and is known to be in hand
   * until then.
   */
  async #handOver(): Promise<FilesMessage[]> {
    const { job, attempt } = this.message;
    this.#publish();
    const done = new Set(this.#decided);
    for (const { listed } of this.#again) done.delete(listed);
    const left = this.listed.filter((one) => !done.has(one));
    for (const one of left) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.#fates.set(one, resolve);
      this.#parts.inHand.keep(idOf(job, one), promise);
    }
    await Promise.all(this.#publishing);
    return left.length === 0 ? [] : [messageFor(this.message, left, attempt)];
  }

  #decide(listed: Listed): void {
    this.#decided.push(listed);
    if (!this.#isLate) return;
    if (this.#alarm === undefined) this.#setAlarm();
    this.#giveUpPlace();
  }

  #setAlarm(): void {
    this.#alarm = this.#parts.alarm(reportAfter, () => {
      this.#alarm = undefined;
      this.#isLate = true;
      this.#publish();
      this.#giveUpPlace();
    });
  }

  #giveUpPlace(): void {
    const left = this.listed.length - this.#decided.length;
    if (left > 0 && left <= Math.max(1, this.listed.length * stragglers)) this.#delivery.standAside();
  }

  /** Publishes the outcomes that there are. */
  #publish(): void {
    const results = this.#report.messages();
    if (results.length === 0) return;
    this.#report = this.#newReport();
    const published = this.#parts.broker.publish(results);
    published.catch(() => undefined); // `conclude` waits for it, and rejects
    this.#publishing.push(published);
    this.#spend();
  }

  /** What lies on the disk needs no room to be kept. Large objects report it themselves. */
  #spend(): void {
    const { large } = this.#parts;
    const done = this.#decided.slice(this.#spent).filter((one) => !large.isLarge(entryOf(one)));
    this.#spent = this.#decided.length;
    this.#reservation?.spend(done.reduce((sum, { file }) => sum + (file.size ?? presumedSize), 0));
  }

  #newReport(): Report {
    return new Report(this.message, this.#parts.host, this.#parts.now());
  }
}
