import {
  type Delay,
  type Delivery,
  FatalError,
  type Log,
  type Message,
  MessageError,
  type NewerMessageError,
  type QueueName,
  returnsOf,
  type Subscription,
  type Verdict,
} from "@brigade/core";
import { decodeWithCare } from "../decode-with-care.ts";
import { verdictOnUndecoded } from "../undecoded.ts";
import { entriesOf } from "./entry.ts";
import type { HandedOut, Settlement } from "./protocol.ts";
import type { StoreLink } from "./store-link.ts";

/** Milliseconds until a message comes again whose handler threw: no hot loop. */
const afterError: Delay = 1_000;
/** The author of all messages: only the process that holds the queues can have published them. */
const author = "copy";

interface Surroundings {
  readonly link: StoreLink;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
  /** Unix milliseconds that only grow; and as the wall clock shows. */
  readonly now: () => number;
  readonly date: () => number;
  /** Called when the subscription is over. */
  readonly forget: () => void;
}

/** One consumer. It runs the handler on each delivery, and settles it with the verdict. */
export class EmbeddedSubscription implements Subscription {
  readonly #consumer: number;
  readonly #queue: QueueName;
  readonly #handle: (delivery: Delivery) => Promise<Verdict>;
  readonly #around: Surroundings;
  readonly #running = new Set<Promise<void>>();
  readonly #lost = new AbortController();
  #paused = false;
  #disposal: Promise<void> | undefined;

  constructor(
    consumer: number,
    queue: QueueName,
    handle: (delivery: Delivery) => Promise<Verdict>,
    around: Surroundings,
  ) {
    this.#consumer = consumer;
    this.#queue = queue;
    this.#handle = handle;
    this.#around = around;
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await this.#request("pause");
    // All that was on its way here has been given back by now: that is waited for.
    await this.#request("sync");
  }

  async resume(): Promise<void> {
    if (this.#disposal !== undefined) return;
    this.#paused = false;
    await this.#request("resume");
  }

  async setPrefetch(prefetch: number): Promise<void> {
    await this.#ask((link) => link.ask("prefetch", { consumer: this.#consumer, prefetch }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  accept(handedOut: HandedOut): void {
    if (this.#paused) {
      this.#around.link.settle({ kind: "release", id: handedOut.id });
      return;
    }
    const run = this.#run(handedOut, this.#lost.signal).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** The deliveries are lost: verdicts are ignored from here on. */
  lose(reason: Error): void {
    this.#paused = true;
    this.#lost.abort(reason);
  }

  async #dispose(): Promise<void> {
    await this.pause();
    await Promise.all(this.#running);
    await this.#request("cancel");
    this.#around.forget();
  }

  async #request(kind: "pause" | "resume" | "cancel" | "sync"): Promise<void> {
    await this.#ask((link) => link.ask(kind, { consumer: this.#consumer }));
  }

  /** Does nothing if the store is gone: it hands out nothing either. */
  async #ask(question: (link: StoreLink) => Promise<unknown>): Promise<void> {
    const { link } = this.#around;
    if (link.lost) return;
    await question(link).catch((error: unknown) => {
      if (!link.lost) throw error;
    });
  }

  async #run(handedOut: HandedOut, signal: AbortSignal): Promise<void> {
    const verdict = await this.#verdictOn(handedOut, signal);
    if (!signal.aborted) this.#around.link.settle(this.#settlementOf(handedOut.id, verdict));
  }

  async #verdictOn({ id, deliveries, isRepeated, body }: HandedOut, signal: AbortSignal): Promise<Verdict> {
    let message: Message;
    try {
      message = await decodeWithCare(body, deliveries);
    } catch (error) {
      const onNewer = (newer: NewerMessageError) => this.#reportNewer(newer);
      return verdictOnUndecoded(error, this.#queue, { log: this.#around.log, onNewer });
    }
    try {
      return await this.#handle({
        queue: this.#queue,
        message,
        author,
        deliveries,
        isRepeated,
        signal,
        standAside: () => this.#around.link.note({ kind: "aside", id }),
        onOverdue: () => {}, // it may be held for ever
      });
    } catch (error) {
      if (error instanceof MessageError) return { kind: "reject", reason: error.message };
      if (!signal.aborted) this.#around.onError(error);
      return { kind: "postpone", delay: afterError };
    }
  }

  /** No newer program can read it while this one runs: an operator has to start that one. */
  #reportNewer({ needs }: NewerMessageError): void {
    const text = `the queues hold messages of a newer brigade (${needs}): go on with that version`;
    this.#around.onError(new FatalError(text));
  }

  #settlementOf(id: number, verdict: Verdict): Settlement {
    switch (verdict.kind) {
      case "ack":
      case "release":
        return { kind: verdict.kind, id };
      case "postpone":
        return { kind: "release", id, due: this.#around.now() + verdict.delay };
      case "retry": {
        const now = this.#around.now();
        const entries = returnsOf(verdict).flatMap(({ message, delay }) => entriesOf(message, now + delay));
        return { kind: "retry", id, entries };
      }
      case "reject":
        return this.#reject(id, verdict.reason);
    }
  }

  #reject(id: number, reason: string): Settlement {
    this.#around.log.warn({ ...this.#queue, id: String(id), reason }, "message put to the dead letters");
    return { kind: "reject", id, reason, at: this.#around.date() };
  }
}
