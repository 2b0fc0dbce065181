import type { Dispatcher } from "undici";
import type { AskedRequest } from "../requests/asked-request.ts";

/** The connection that a request goes over. */
export interface Carrier {
  /** An answer came over it, and it has not been closed since. */
  readonly isServed: boolean;
  answered(): void;
  /** Nobody serves it: it is not to be used again. */
  giveUp(): void;
  /** Reads on. */
  resume(): void;
  /** Its request has been broken off. */
  drop(): void;
}

/** Who asks, and is told of the answer: undici's handler, which is told of the connection, too. */
export interface Asker extends Dispatcher.DispatchHandler {
  goesOver(connection: Carrier): void;
}

/** One request and its answer. */
export class LeanRequest implements Dispatcher.DispatchController {
  readonly asked: AskedRequest;
  /** As it goes over the wire. */
  readonly text: string;
  readonly asker: Asker;
  /** The memory of a chunk is used again as soon as its taker has returned. */
  readonly lends = true;
  /**
   * It went over a kept connection that was closed without an answer, and is sent once more, over a
   * new one.
   */
  isSentAgain = false;
  paused = false;
  reason: Error | null = null;
  #connection: Carrier | undefined;
  #isOver = false;

  constructor(asked: AskedRequest, text: string, asker: Asker) {
    this.asked = asked;
    this.text = text;
    this.asker = asker;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  /** Returns whether it is still wanted. */
  begin(connection: Carrier): boolean {
    this.asker.onRequestStart?.(this, {});
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
    this.asker.onResponseEnd?.(this, {});
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    this.leave();
    this.asker.onResponseError?.(this, error);
  }

  /** The asker hears no more of it from here. */
  leave(): void {
    this.#isOver = true;
    this.#connection = undefined;
  }
}
