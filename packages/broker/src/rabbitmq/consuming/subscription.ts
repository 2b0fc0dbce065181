import type { QueueName, Subscription } from "@brigade/core";
import type { ConsumeMessage } from "amqplib";
import type { Link } from "../connecting/link.ts";
import { abortion, untilAborted } from "../connecting/until-aborted.ts";
import type { Division } from "../messages/division.ts";
import type { Publisher } from "../publishing/publisher.ts";
import { queueName } from "../topology/queues.ts";
import type { ConsumerTimeout } from "./consumer-timeout.ts";
import { Held } from "./held.ts";
import type { OwnLosses } from "./own-losses.ts";
import { Places } from "./places.ts";
import { QueueAppearance } from "./queue-appearance.ts";
import type { Reception } from "./reception.ts";
import { Reserve } from "./reserve.ts";
import { type Consumption, type VerdictSurroundings, verdictOn } from "./verdict.ts";
import { Waiting } from "./waiting.ts";

/** Milliseconds until a queue is consumed again after the broker has ended its consumer. */
const afterCancel = 200;
/** Consumers that hold deliveries in the place of those that stand aside. */
const consumersForAside = 4;
/** Milliseconds between two looks for deliveries that are held for too long. */
const lookForOverdue = 1_000;

/** More credit: in the place of what stands aside, and for a greater prefetch than at the start. */
interface Reserves {
  readonly aside: Reserve;
  readonly growth: Reserve;
}

interface Surroundings extends Omit<VerdictSurroundings, "standAside"> {
  readonly link: Link<Reception>;
  readonly publisher: Publisher;
  readonly losses: OwnLosses;
  readonly division: Division;
  readonly timeout: ConsumerTimeout;
  readonly random: (() => number) | undefined;
  /** Called when the subscription is over. */
  readonly forget: () => void;
}

/**
 * One consumer. A loop in the background consumes over one session after the other, from `resume`
 * to `pause`. The handler runs for each delivery: `prefetch` at once, and those that stand aside.
 * Its verdict settles the delivery. Deliveries beyond that wait: handlers from before a pause or a
 * loss may still run.
 */
export class RabbitSubscription implements Subscription {
  readonly #name: QueueName;
  readonly #consumption: Consumption;
  readonly #around: Surroundings;
  readonly #places: Places;
  #reserves: Reserves | undefined;
  readonly #waiting = new Waiting();
  /** Deliveries on their way back, not yet confirmed. */
  readonly #returning = new Set<Promise<void>>();
  #stop = new AbortController();
  #consuming: Promise<void>;
  #over = false;
  readonly #appearance: QueueAppearance;
  readonly #looking: NodeJS.Timeout;
  /** Sessions whose loss is listened for. */
  readonly #heard = new WeakSet<Reception>();

  constructor(consumption: Consumption, around: Surroundings) {
    this.#name = { source: consumption.source, queue: consumption.queue };
    this.#consumption = consumption;
    this.#around = around;
    this.#appearance = new QueueAppearance(around);
    this.#places = new Places(consumption.prefetch);
    this.#consuming = this.#consume(this.#stop.signal);
    this.#looking = setInterval(() => this.#lookForOverdue(), lookForOverdue).unref();
  }

  async pause(): Promise<void> {
    this.#stop.abort();
    // First: while too much waits, the answer to the cancellation is not read.
    for (const held of this.#waiting.remove(() => true)) this.#giveBack(held);
    await this.#consuming;
    await Promise.all(this.#returning);
  }

  async resume(): Promise<void> {
    if (!this.#stop.signal.aborted || this.#over) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#consuming = this.#consuming.then(() => this.#consume(signal));
  }

  async setPrefetch(prefetch: number): Promise<void> {
    this.#places.prefetch = prefetch;
    this.#startNext();
    await this.#fitReserves();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.pause();
    await this.#places.done();
    clearInterval(this.#looking);
    this.#around.forget();
  }

  /**
   * The broker is being disposed: all deliveries are given back, whether they are being handled or
   * not.
   */
  async leave(): Promise<void> {
    this.#over = true;
    await this.pause();
    for (const held of this.#places.deliveries) this.#giveBack(held);
    await Promise.all(this.#returning);
    clearInterval(this.#looking);
  }

  async #consume(stop: AbortSignal): Promise<void> {
    const { link, onError } = this.#around;
    const name = queueName(this.#name.source, this.#consumption.queue);
    while (!stop.aborted && !link.leaving.aborted) {
      let lost: AbortSignal | undefined;
      try {
        const reception = await untilAborted(link.session(), stop);
        lost = reception.lost;
        const ended = new AbortController();
        const ending = AbortSignal.any([stop, lost, ended.signal]);
        this.#dropLost();
        await this.#appearance.of(name, reception, ending);
        await this.#around.division.learn(this.#name.source, this.#name.queue, (exchange) =>
          reception.hasExchange(exchange),
        );
        this.#hearOfEnd(reception);
        const around = { ...this.#around, reception };
        const { prefetch, isFirst } = this.#consumption;
        const consumer = {
          accept: (raw: ConsumeMessage) => this.#accept(new Held(this.#name, raw, around), stop),
          ended: () => ended.abort(),
          isFirst,
        };
        const tag = await reception.consume(name, prefetch, consumer);
        const reserves = {
          aside: new Reserve(reception, name, Math.ceil(prefetch / consumersForAside), consumer),
          growth: new Reserve(reception, name, prefetch, consumer),
        };
        this.#reserves = reserves;
        void this.#fitReserves();
        await abortion(ending);
        this.#reserves = undefined;
        if (lost.aborted) continue;
        if (!ended.signal.aborted) await reception.cancel(tag);
        await Promise.all([reserves.aside.fit(0), reserves.growth.fit(0)]);
        if (ended.signal.aborted) await this.#afterCancel(name, reception, stop);
      } catch (error) {
        if (stop.aborted || link.leaving.aborted || lost?.aborted) continue;
        onError(error);
        return;
      }
    }
  }

  /**
   * The broker has ended the consumer. If its queue is gone too, so is all that was delivered from
   * there.
   */
  async #afterCancel(queue: string, reception: Reception, stop: AbortSignal): Promise<void> {
    if ((await reception.messageCount(queue)) === undefined) {
      reception.lose(new Error(`the queue ${queue} is gone`));
      return;
    }
    this.#around.log.warn({ queue }, "the broker has ended our consumer of this queue: it is consumed anew");
    await this.#around.delay(afterCancel, stop);
  }

  #accept(held: Held, stop: AbortSignal): void {
    if (stop.aborted) this.#giveBack(held);
    else if (this.#places.hasRoom(held.body.length)) this.#start(held);
    else this.#waiting.add(held);
  }

  /** Notes what is lost with this session: this process lives, so these losses are no deaths. */
  #hearOfEnd(reception: Reception): void {
    if (this.#heard.has(reception)) return;
    this.#heard.add(reception);
    const note = () => {
      for (const held of [...this.#places.deliveries, ...this.#waiting]) held.noteLoss(reception);
    };
    reception.lost.addEventListener("abort", note, { once: true });
  }

  #lookForOverdue(): void {
    const before = performance.now() - this.#around.timeout.handOverAfter;
    const isOverdue = (held: Held) => held.since < before && !held.isSettled && !held.signal.aborted;
    for (const held of this.#places.deliveries) if (isOverdue(held)) this.#handOver(held);
    for (const held of this.#waiting.remove(isOverdue)) this.#giveBack(held);
  }

  #handOver(held: Held): void {
    if (!this.#places.handOver(held)) return;
    this.#around.log.info(
      { ...this.#name, heldMs: Math.round(performance.now() - held.since) },
      "work takes longer than the broker lets us hold its message: it is published for later, and goes on",
    );
    held
      .handOver()
      .then(() => {
        void this.#fitReserves();
        this.#startNext();
      })
      .catch((error: unknown) => this.#around.onError(error));
  }

  #standAside(held: Held): void {
    this.#places.standAside(held);
    this.#startNext();
    void this.#fitReserves();
  }

  async #fitReserves(): Promise<void> {
    const { prefetch, aside } = this.#places;
    const first = this.#consumption.prefetch;
    const { growth, aside: forAside } = this.#reserves ?? {};
    try {
      await Promise.all([forAside?.fit(Math.min(aside, first)), growth?.fit(Math.max(0, prefetch - first))]);
    } catch (error) {
      this.#around.onError(error);
    }
  }

  #start(held: Held): void {
    const run = this.#run(held)
      .catch((error: unknown) => this.#around.onError(error))
      .finally(() => {
        this.#places.remove(held);
        void this.#fitReserves();
        this.#startNext();
      });
    this.#places.add(held, run);
  }

  #startNext(): void {
    this.#dropLost();
    // One large delivery that ends may make room for several small ones.
    while (true) {
      const next = this.#waiting.first;
      if (next === undefined || !this.#places.hasRoom(next.body.length)) return;
      this.#waiting.removeFirst();
      this.#start(next);
    }
  }

  #dropLost(): void {
    this.#waiting.remove(({ signal }) => signal.aborted);
  }

  #giveBack(held: Held): void {
    const returned = held
      .settle({ kind: "release" })
      .catch((error: unknown) => this.#around.onError(error))
      .finally(() => this.#returning.delete(returned));
    this.#returning.add(returned);
  }

  async #run(held: Held): Promise<void> {
    let verdict = await verdictOn(held, this.#consumption, {
      ...this.#around,
      standAside: () => this.#standAside(held),
    });
    // Too late for a verdict. While the channel is open, the message can still go back uncounted.
    if (held.signal.aborted) verdict = { kind: "release" };
    if (verdict.kind === "reject" && !held.isSettled)
      this.#around.log.warn(
        { ...this.#name, id: held.id, reason: verdict.reason },
        "message put to the dead letters",
      );
    await held.settle(verdict);
    for (const { job } of held.waiting(verdict)) this.#around.waits.put(job, 1);
  }
}
