import type { Dispatcher } from "undici";
import { type ServerSettings, serverOf } from "../connecting/connector.ts";
import { errors } from "../connecting/undici.ts";
import type { AskedRequest } from "../requests/asked-request.ts";
import { requestText } from "../requests/request-text.ts";
import { LeanConnection, type Owner } from "./connection.ts";
import { type Asker, LeanRequest } from "./lean-request.ts";
import { wireConnector } from "./wire.ts";

/** After so many answers one after the other that are not plain, undici is asked. */
const mostOthers = 3;
const sendablePath = /^\/[\x21-\xff]*$/;
/** Headers that say what the connection is to do, or that a body follows. */
const special = /^(?:connection|content-length|expect|host|keep-alive|transfer-encoding|upgrade)$/i;

export interface LeanSettings extends ServerSettings {
  /** At most. */
  readonly connections: number;
}

/**
 * Keep-alive connections to one origin, most of whose answers are plain. `full`: asked where they
 * are not.
 */
export class LeanPool implements Owner {
  readonly #full: Dispatcher;
  readonly #most: number;
  readonly #host: string;
  readonly #connect: (connection: LeanConnection) => void;
  readonly #open = new Set<LeanConnection>();
  /** The latest used last. */
  #idle: LeanConnection[] = [];
  /** Their answers ended in this turn of the event loop. */
  #resting: LeanConnection[] = [];
  /** These, and those of the turn before. */
  #restingCount = 0;
  #waiting: LeanRequest[] = [];
  /** Answers that were not plain, since the last that was. */
  #others = 0;
  #isDestroyed = false;

  constructor(origin: string, settings: LeanSettings, full: Dispatcher) {
    this.#full = full;
    this.#most = settings.connections;
    const where = serverOf(origin);
    this.#host = where.host ?? "";
    const connect = wireConnector(settings);
    this.#connect = (connection) =>
      connect(where, (error, wire) => {
        if (wire === undefined) connection.fail(error ?? new errors.SocketError("closed"));
        else connection.open(wire);
      });
  }

  /** As undici's dispatchers do it. */
  dispatch(asked: AskedRequest, asker: Asker): void {
    const text = this.#textOf(asked);
    if (text === undefined) this.#full.dispatch(asked, asker);
    else {
      this.#waiting.push(new LeanRequest(asked, text, asker));
      this.#serve();
    }
  }

  /** Returns the request as it goes over the wire; `undefined` if undici is to be asked. */
  #textOf(asked: AskedRequest): string | undefined {
    if (this.#isDestroyed || this.#others >= mostOthers || !isOrdinary(asked)) return undefined;
    return requestText(asked, this.#host, asked.method === "HEAD" ? "close" : "keep-alive");
  }

  /** Breaks what is still under way. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    const error = new errors.ClientDestroyedError();
    for (const request of this.#waiting.splice(0)) request.fail(error);
    for (const connection of [...this.#open]) connection.destroy(error);
    await this.#full.destroy();
  }

  /**
   * A turn of the event loop later what the server has sent beyond its answer has been seen, and
   * that it has closed the connection.
   */
  rests(connection: LeanConnection): void {
    this.#restingCount++;
    if (this.#resting.push(connection) === 1) setImmediate(this.#afterThisTurn);
  }

  readonly #afterThisTurn = (): void => {
    const rested = this.#resting;
    this.#resting = [];
    setImmediate(() => this.#reuse(rested));
  };

  #reuse(rested: readonly LeanConnection[]): void {
    this.#restingCount -= rested.length;
    for (const connection of rested) {
      if (!connection.isIdle) continue;
      if (this.#others >= mostOthers) connection.drop();
      else this.#idle.push(connection);
    }
    this.#serve();
  }

  begun(isPlain: boolean): void {
    if (isPlain) {
      // They may have been too many in the meantime.
      if (this.#others < mostOthers) this.#others = 0;
      return;
    }
    if (++this.#others !== mostOthers) return;
    for (const connection of this.#idle.splice(0)) connection.drop();
  }

  closed(connection: LeanConnection): void {
    if (!this.#open.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#serve();
  }

  replace(connection: LeanConnection, request: LeanRequest): void {
    this.#open.delete(connection);
    this.#begin(request);
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const free = this.#idle.pop();
      if (free === undefined && !this.#mayOpen) return;
      const request = this.#waiting.shift();
      if (request === undefined) return;
      if (free === undefined) this.#begin(request);
      else {
        request.asker.goesOver(free);
        if (!free.send(request)) this.#idle.push(free);
      }
    }
  }

  /** Not for what may go over a connection that rests. */
  get #mayOpen(): boolean {
    return this.#open.size < this.#most && this.#waiting.length > this.#restingCount;
  }

  #begin(request: LeanRequest): void {
    const connection = new LeanConnection(this, request);
    this.#open.add(connection);
    request.asker.goesOver(connection);
    this.#connect(connection);
  }
}

/** Returns whether undici would send the path and the headers as they are. */
function isOrdinary({ path, headers }: AskedRequest): boolean {
  return sendablePath.test(path) && !headers.some((text, at) => at % 2 === 0 && special.test(text));
}
