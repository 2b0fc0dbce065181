import type { QueueKind } from "@brigade/core";
import { isFromLedger, isFromLister, markOfDivision } from "../topology/exchanges.ts";
import { type Received, userOf } from "./author.ts";
import { authorHeader } from "./headers.ts";

/** Milliseconds for which the broker's answer "not divided" is used. */
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
  /** When the broker last answered "not divided", by `performance.now()`, per source. */
  readonly #deniedAt = new Map<string, number>();
  /** Sources of which the broker is being asked because of a message. */
  readonly #asking = new Set<string>();

  /**
   * To be called before a queue of the source is consumed. Resolves when the answer is known: asks
   * the broker, for queues whose messages are judged by it. Rejects if the connection is lost.
   */
  async learn(source: string, queue: QueueKind, hasExchange: HasExchange): Promise<void> {
    if (!isJudged(queue) || this.#isKnown(source)) return;
    if (await hasExchange(markOfDivision(source))) this.#note(source);
    else this.#deniedAt.set(source, performance.now());
  }

  /**
   * Returns whether that is so for the source of this message, as far as known. If the answer
   * decides whether the message is accepted, the broker is asked again for the messages after it.
   */
  of(source: string, queue: QueueKind, { fields, properties }: Received, hasExchange: HasExchange): boolean {
    if (isFromLister(fields.exchange) || isFromLedger(fields.exchange)) this.#note(source);
    if (this.#divided.has(source)) return true;
    const isDoubtful = userOf(properties) === "" || authorHeader(properties.headers) !== undefined;
    if (isDoubtful && !this.#asking.has(source)) {
      this.#asking.add(source);
      this.learn(source, queue, hasExchange)
        // The connection is lost: `learn` is called for the next one.
        .catch(() => undefined)
        .finally(() => this.#asking.delete(source));
    }
    return false;
  }

  /** The answer "not divided" is known for a while only. */
  #isKnown(source: string): boolean {
    const deniedAt = this.#deniedAt.get(source) ?? Number.NEGATIVE_INFINITY;
    return this.#divided.has(source) || performance.now() - deniedAt < believedFor;
  }

  #note(source: string): void {
    this.#divided.add(source);
    this.#deniedAt.delete(source);
  }
}

function isJudged(queue: QueueKind): boolean {
  return queue === "records" || queue === "directories";
}
