import type { Dispatcher } from "undici";
import type { RequestConnection } from "../../pacing/turns/turn.ts";
import { Client, errors } from "./undici.ts";

/** A handler to which the connection of its request is reported. */
interface ConnectionUser {
  onConnection(connection: RequestConnection): void;
}

/**
 * A connection of a pool. It reports itself to each exchange, and shows whether the server serves
 * it.
 */
export class Connection extends Client implements RequestConnection {
  readonly #origin: URL;
  #isServed = false;

  constructor(origin: string | URL, options: object) {
    super(origin, options);
    this.#origin = new URL(origin);
    this.on("disconnect", () => {
      this.#isServed = false;
    });
  }

  get isServed(): boolean {
    return this.#isServed;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (usesConnection(handler)) handler.onConnection(this);
    return super.dispatch(options, handler);
  }

  answered(): void {
    this.#isServed = true;
  }

  /**
   * Treats the connection as failed: its pool uses it no more, and makes another when it needs one.
   */
  giveUp(): void {
    this.emit(
      "connectionError",
      this.#origin,
      [this],
      new errors.SocketError("the server does not serve this connection"),
    );
  }
}

function usesConnection(handler: object): handler is ConnectionUser {
  return "onConnection" in handler;
}
