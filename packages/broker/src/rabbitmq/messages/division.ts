import type { QueueKind } from "@brigade/core";
import { isFromLedger, isFromLister, markOfDivision } from "../topology/exchanges.ts";
import { type Received, userOf } from "./author.ts";
import { authorHeader } from "./headers.ts";

/** Milliseconds for which the broker's answer "not divided" is believed. */
const believedFor = 10_000;

/** Asks the broker whether there is an exchange of this name. */
type HasExchange = (name: string) => Promise<boolean>;

/**
 * Whether the exchanges of a source are divided by who may write. Once they are, they stay so.
 * A message is judged by what is known then. If a handler waited for the broker's answer, and that
 * answer waited on the connection behind deliveries that wait for the handler, nothing would go on.
 */
export class Division {
  readonly #divided = new Set<string>();
  /** When the broker was last asked, by `performance.now()`, per source that is not divided. */
  readonly #askedAt = new Map<string, number>();

  /**
   * To be called before a queue of the source is consumed. Asks the broker if the answer is not
   * known, for queues whose messages are judged by it.
   */
  async learn(source: string, queue: QueueKind, hasExchange: HasExchange): Promise<void> {
    const askedAt = this.#askedAt.get(source) ?? Number.NEGATIVE_INFINITY;
    if (!isJudged(queue) || this.#divided.has(source) || performance.now() - askedAt < believedFor) return;
    this.#askedAt.set(source, performance.now());
    if (await hasExchange(markOfDivision(source))) this.#note(source);
  }

  /**
   * Returns whether that is so for the source of this message, as far as known. If the answer
   * decides whether the message is believed, the broker is asked again for the messages after it.
   */
  of(source: string, queue: QueueKind, { fields, properties }: Received, hasExchange: HasExchange): boolean {
    if (isFromLister(fields.exchange) || isFromLedger(fields.exchange)) this.#note(source);
    if (this.#divided.has(source)) return true;
    const isDoubtful = userOf(properties) === "" || authorHeader(properties.headers) !== undefined;
    // If that fails, the connection is lost, and `learn` is called for the next one.
    if (isDoubtful) this.learn(source, queue, hasExchange).catch(() => undefined);
    return false;
  }

  #note(source: string): void {
    this.#divided.add(source);
    this.#askedAt.delete(source);
  }
}

function isJudged(queue: QueueKind): boolean {
  return queue === "records" || queue === "directories";
}
