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
import { delayOf, delays, inShares } from "@brigade/core";
import type { Fetched, FetchParts } from "../object/object-fetch.ts";
import { presumedSize } from "../object/store.ts";
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
  readonly onExhausted: (reason: string) => void;
}

type BatchDelivery = Pick<Delivery, "standAside" | "onOverdue">;

/** An object that was not settled, and when to try it again. */
interface Remainder {
  readonly listed: Listed;
  readonly counted: boolean;
  readonly waitMs: number;
}

/** Milliseconds that outcomes wait for the slowest of their batch, at most. */
const tellAfter = 1_000;
/** A batch that is down to this part of its objects, or to one, gives its place to another. */
const stragglers = 1 / 8;

/** What becomes of the objects of one message: the outcomes, and what is to be tried again. To be disposed of. */
export class Batch implements Disposable {
  readonly message: FilesMessage;
  readonly listed: readonly Listed[];
  readonly #parts: BatchParts;
  readonly #delivery: BatchDelivery;
  /** Of outcomes that are not yet published. */
  #report: Report;
  readonly #again: Remainder[] = [];
  /** With an outcome or among those to be tried again, in the order of their settling. */
  readonly #settled: Listed[] = [];
  /** How many of the settled have told the reservation that their room is taken. */
  #spent = 0;
  /** Outcomes on their way to the broker. */
  readonly #telling: Promise<void>[] = [];
  /** What the broker has for later, to be told whether it has an outcome. */
  readonly #fates = new Map<Listed, (told: boolean) => void>();
  #reservation: Reservation | undefined;
  #alarm: Disposable | undefined;
  /** Its first outcomes had to be published before the last. */
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

  /** The room that is kept for it until it is concluded. */
  hold(reservation: Reservation): void {
    this.#reservation = reservation;
  }

  [Symbol.dispose](): void {
    for (const resolve of this.#fates.values()) resolve(false);
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
    this.#reservation?.release();
  }

  /** `entry`: as it was found to be; dated. */
  stored(listed: Listed, entry: Omit<ObjectEntry, "key">, stored: StoredObject, volume: string): void {
    this.#report.stored(listed, entry, stored, volume);
    this.#settle(listed);
  }

  vanished(listed: Listed): void {
    this.#report.vanished(listed);
    this.#settle(listed);
  }

  failed(listed: Listed, reason: string, kind: FailureClass): void {
    this.#report.failed(listed, reason, kind);
    this.#settle(listed);
  }

  /** Its outcome was published by another batch of this process. */
  told(listed: Listed): void {
    this.#settle(listed);
  }

  /** `counted`: it uses up an attempt. */
  again(listed: Listed, { counted, waitMs }: Omit<Remainder, "listed">): void {
    this.#again.push({ listed, counted, waitMs });
    this.#settle(listed);
  }

  /** What came of fetching an object onto a volume. */
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

  /** Every object was given back as it came: nothing was learnt. */
  get isUntouched(): boolean {
    return this.#again.length === this.listed.length && this.#again.every(({ counted }) => !counted);
  }

  /** I1: the verdict comes after the outcomes are safe. */
  async conclude(): Promise<Verdict> {
    await this.#toldAll();
    if (this.#again.length === 0) return { kind: "ack" };
    const { message } = this;
    const again = (counted: boolean) =>
      this.#again.filter((one) => one.counted === counted).map(({ listed }) => listed);
    const remainder = [
      messageFor(message, again(true), message.attempt + 1),
      messageFor(message, again(false), message.attempt),
    ].filter(({ slices }) => slices.length > 0);
    return { kind: "retry", remainder, delay: delayOf(Math.max(...this.#again.map(({ waitMs }) => waitMs))) };
  }

  /** What was not settled comes again soon, in two messages. */
  async halve(left: readonly Listed[]): Promise<Verdict> {
    return await this.split(inShares(left, 2));
  }

  /** What was not settled comes again soon, each part in a message of its own. */
  async split(left: readonly (readonly Listed[])[]): Promise<Verdict> {
    await this.#toldAll();
    const { message } = this;
    const remainder = left.map((some) => messageFor(message, some, message.attempt));
    return { kind: "retry", delay: delays[0], remainder };
  }

  async #toldAll(): Promise<void> {
    this.#tell();
    this.#reservation?.release();
    await Promise.all(this.#telling);
    const again = new Set(this.#again.map(({ listed }) => listed));
    for (const [listed, resolve] of this.#fates) resolve(!again.has(listed));
  }

  /** The delivery can be held no longer: what has no outcome comes again, and is known to be in hand until then. */
  async #handOver(): Promise<FilesMessage[]> {
    const { job, attempt } = this.message;
    this.#tell();
    const done = new Set(this.#settled);
    for (const { listed } of this.#again) done.delete(listed);
    const left = this.listed.filter((one) => !done.has(one));
    for (const one of left) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.#fates.set(one, resolve);
      this.#parts.inHand.keep(idOf(job, one), promise);
    }
    await Promise.all(this.#telling);
    return left.length === 0 ? [] : [messageFor(this.message, left, attempt)];
  }

  #settle(listed: Listed): void {
    this.#settled.push(listed);
    if (!this.#isLate) return;
    if (this.#alarm === undefined) this.#setAlarm();
    this.#giveUpPlace();
  }

  #setAlarm(): void {
    this.#alarm = this.#parts.alarm(tellAfter, () => {
      this.#alarm = undefined;
      this.#isLate = true;
      this.#tell();
      this.#giveUpPlace();
    });
  }

  #giveUpPlace(): void {
    const left = this.listed.length - this.#settled.length;
    if (left > 0 && left <= Math.max(1, this.listed.length * stragglers)) this.#delivery.standAside();
  }

  /** Publishes the outcomes that there are. */
  #tell(): void {
    const results = this.#report.messages();
    if (results.length === 0) return;
    this.#report = this.#newReport();
    const telling = this.#parts.broker.publish(results);
    telling.catch(() => undefined); // whoever waits for the verdict sees it
    this.#telling.push(telling);
    this.#spend();
  }

  /** What lies on the disk takes room there, and needs none to be kept. Large objects say so themselves. */
  #spend(): void {
    const { large } = this.#parts;
    const done = this.#settled.slice(this.#spent).filter((one) => !large.takes(entryOf(one)));
    this.#spent = this.#settled.length;
    this.#reservation?.spend(done.reduce((sum, { file }) => sum + (file.size ?? presumedSize), 0));
  }

  #newReport(): Report {
    return new Report(this.message.job, this.#parts.host, this.#parts.now());
  }
}
