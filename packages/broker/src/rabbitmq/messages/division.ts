import type { QueueKind } from "@brigade/core";
import { isFromLedger, isFromLister, markOfDivision } from "../topology/exchanges.ts";
import type { Received } from "./author.ts";
import { userOf } from "./author.ts";
import { authorHeader } from "./headers.ts";

/** Whether the exchanges of a source are divided by who may write. Once they are, they stay so. */
export class Division {
  readonly #divided = new Set<string>();

  /**
   * Whether that is so for the source of this message. The broker is asked only if the answer
   * decides whether the message is believed.
   */
  of(
    source: string,
    queue: QueueKind,
    { fields, properties }: Received,
    hasExchange: (name: string) => Promise<boolean>,
  ): boolean | Promise<boolean> {
    if (this.#divided.has(source)) return true;
    if (isFromLister(fields.exchange) || isFromLedger(fields.exchange)) {
      this.#divided.add(source);
      return true;
    }
    const isJudged = queue === "records" || queue === "directories";
    const isDoubtful = userOf(properties) === "" || authorHeader(properties.headers) !== undefined;
    return isJudged && isDoubtful && this.#ask(source, hasExchange);
  }

  async #ask(source: string, hasExchange: (name: string) => Promise<boolean>): Promise<boolean> {
    const isDivided = await hasExchange(markOfDivision(source));
    if (isDivided) this.#divided.add(source);
    return isDivided;
  }
}
