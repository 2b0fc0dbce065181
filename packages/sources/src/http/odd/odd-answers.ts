import type { buildConnector, Dispatcher } from "undici";
import { errors } from "../connecting/undici.ts";
import { isUnreadable } from "../faults/http-fault.ts";
import { codeOf } from "../faults/seen.ts";
import { remember } from "../origins/remember.ts";
import type { AskedRequest } from "../requests/asked-request.ts";
import { OddExchange } from "./odd-exchange.ts";

/** Requests whose answers are remembered to be odd. */
const mostKnown = 10_000;

/**
 * Answers that undici cannot read, and AnswerReader can: it costs more, so it reads these only.
 * Each has a connection of its own, which is closed after it: where such an answer ends wrongly, no
 * other takes part of it for its own.
 */
export class OddAnswers implements Disposable {
  readonly #running = new Set<OddExchange>();
  /** By origin and path. */
  readonly #known = new Map<string, "odd" | "hopeless">();

  /** Whether its answer is to be read in this way. */
  has({ origin, path }: Pick<AskedRequest, "origin" | "path">): boolean {
    return this.#known.size > 0 && this.#known.get(origin + path) === "odd";
  }

  /**
   * Whether a request that failed so has its answer read in this way when it is sent again.
   * `inBody`: after its headers had come.
   */
  note({ origin, path }: Pick<AskedRequest, "origin" | "path">, error: Error, inBody: boolean): boolean {
    if (!isUnreadable(error, inBody) || this.#known.get(origin + path) === "hopeless") return false;
    remember(this.#known, origin + path, "odd", mostKnown);
    return true;
  }

  /** As undici's dispatchers do it. */
  dispatch(
    asked: AskedRequest,
    connect: buildConnector.connector,
    handler: Dispatcher.DispatchHandler,
  ): void {
    const exchange = new OddExchange(asked, handler, (error) => {
      this.#running.delete(exchange);
      if (error !== undefined && isHopeless(error))
        remember(this.#known, asked.origin + asked.path, "hopeless", mostKnown);
    });
    this.#running.add(exchange);
    exchange.send(connect);
  }

  /** Breaks what is still under way. */
  [Symbol.dispose](): void {
    for (const exchange of this.#running) exchange.abort(new errors.ClientDestroyedError());
  }
}

/** Asked for in this way, the same would come again. */
function isHopeless(error: Error): boolean {
  return isUnreadable(error, false) || codeOf(error) === "UND_ERR_BODY_TIMEOUT";
}
