import type { Dispatcher } from "undici";
import type { RequestConnection } from "../../pacing/turns/turn.ts";
import type { OutgoingRequest } from "../requests/outgoing-request.ts";

/** The connection that a request is sent over. */
export interface UsedConnection extends RequestConnection {
  /**
   * Returns the place in memory that the answer was read into. The connection reads to `place` from
   * now on. If it has no memory of its own, it returns `place`.
   */
  exchange(place: number): number;
  /** Continues to read. */
  resume(): void;
  /** Its request was aborted: closes it. */
  drop(): void;
}

/** A handler of undici to which the connection of its request is reported, too. */
export interface AnswerHandler extends Dispatcher.DispatchHandler {
  /** The bytes of the answer that have come must stay where they are. */
  readonly keepsWhatCame?: boolean;
  onConnection(connection: UsedConnection): void;
}

/** One request and its answer. */
export class FastRequest implements Dispatcher.DispatchController {
  readonly outgoing: OutgoingRequest;
  /** Request line and headers, in Latin-1. */
  readonly text: string;
  readonly handler: AnswerHandler;
  /** The memory of a chunk is used again as soon as the handler has returned. */
  readonly lends = true;
  /** It was sent over a kept connection that was closed without an answer. It is not sent a third time. */
  isSentAgain = false;
  paused = false;
  reason: Error | null = null;
  #connection: UsedConnection | undefined;
  #isOver = false;

  constructor(outgoing: OutgoingRequest, text: string, handler: AnswerHandler) {
    this.outgoing = outgoing;
    this.text = text;
    this.handler = handler;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  /** Returns whether it is to be sent: it may have been aborted. */
  begin(connection: UsedConnection): boolean {
    this.handler.onRequestStart?.(this, {});
    if (this.#isOver) return false;
    this.#connection = connection;
    return true;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#connection?.resume();
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    this.reason = reason;
    this.#connection?.drop();
    this.fail(reason);
  }

  end(): void {
    if (this.#isOver) return;
    this.leave();
    this.handler.onResponseEnd?.(this, {});
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    this.leave();
    this.handler.onResponseError?.(this, error);
  }

  /** From now on, nothing more is reported to the handler by this request. */
  leave(): void {
    this.#isOver = true;
    this.#connection = undefined;
  }
}
