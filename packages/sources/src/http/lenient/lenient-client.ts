import type { buildConnector, Dispatcher } from "undici";
import { errors } from "../connecting/undici.ts";
import { isMalformed } from "../faults/http-fault.ts";
import { codeOf } from "../faults/seen.ts";
import { remember } from "../origins/remember.ts";
import type { OutgoingRequest } from "../requests/outgoing-request.ts";
import { LenientExchange } from "./lenient-exchange.ts";

type Resource = Pick<OutgoingRequest, "origin" | "path">;

/** Resources of which it is noted how their answers are read, at most. */
const mostKnown = 10_000;

/**
 * Sends requests whose answers undici cannot parse, and parses the answers leniently. That costs
 * more CPU, so only these requests are sent here. Each has a connection of its own, which is closed
 * after it: bytes that follow a malformed answer cannot become the answer to another request.
 */
export class LenientClient implements Disposable {
  readonly #running = new Set<LenientExchange>();
  /** By origin and path. `unreadable`: the lenient parser cannot read the answer either. */
  readonly #known = new Map<string, "lenient" | "unreadable">();

  /** Returns whether this request is to be sent by this client. */
  serves({ origin, path }: Resource): boolean {
    return this.#known.size > 0 && this.#known.get(origin + path) === "lenient";
  }

  /**
   * Reports that undici failed with this error. Returns whether this client is to send the request
   * from now on. `inBody`: the headers of the answer had come.
   */
  takesOver({ origin, path }: Resource, error: Error, inBody: boolean): boolean {
    if (!isMalformed(error, inBody) || this.#known.get(origin + path) === "unreadable") return false;
    remember(this.#known, origin + path, "lenient", mostKnown);
    return true;
  }

  /** Like `dispatch` of undici. */
  dispatch(
    outgoing: OutgoingRequest,
    connect: buildConnector.connector,
    handler: Dispatcher.DispatchHandler,
  ): void {
    const exchange = new LenientExchange(outgoing, handler, (error) => {
      this.#running.delete(exchange);
      if (error !== undefined && isUnreadable(error))
        remember(this.#known, outgoing.origin + outgoing.path, "unreadable", mostKnown);
    });
    this.#running.add(exchange);
    exchange.send(connect);
  }

  /** Aborts all requests that are under way. */
  [Symbol.dispose](): void {
    for (const exchange of this.#running) exchange.abort(new errors.ClientDestroyedError());
  }
}

/** Returns whether another request for the same resource would fail in the same way. */
function isUnreadable(error: Error): boolean {
  return isMalformed(error, false) || codeOf(error) === "UND_ERR_BODY_TIMEOUT";
}
