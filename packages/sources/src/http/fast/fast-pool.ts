import type { Dispatcher } from "undici";
import { type ServerSettings, serverOf } from "../connecting/connector.ts";
import { errors } from "../connecting/undici.ts";
import type { OutgoingRequest } from "../requests/outgoing-request.ts";
import { headerLines, requestText } from "../requests/request-text.ts";
import { FastConnection, type Owner } from "./fast-connection.ts";
import { type AnswerHandler, FastRequest } from "./fast-request.ts";
import type { ReadMemory } from "./read-memory.ts";
import { sharedBufferConnector } from "./shared-buffer.ts";

/** After three answers in a row that are not plain, undici sends the requests. */
const mostOthersInARow = 3;
const sendablePath = /^\/[\x21-\xff]*$/;
/** Headers that concern the connection or the body of the request. */
const special = /^(?:connection|content-length|expect|host|keep-alive|transfer-encoding|upgrade)$/i;

export interface FastSettings extends ServerSettings {
  /** The greatest number. */
  readonly connections: number;
  /** Where answers are read to. Without it, all of a thread are read to the same buffer. */
  readonly memory?: ReadMemory;
}

/** Sends the requests that a fast pool does not send. */
export type FullDispatcher = Pick<Dispatcher, "dispatch"> & { destroy(): Promise<void> };

/**
 * Keep-alive connections to one origin, most of whose answers are plain (decision 21). `full`: the
 * dispatcher of undici that sends all requests which this pool does not send.
 */
export class FastPool implements Owner {
  readonly #full: FullDispatcher;
  readonly #most: number;
  readonly #memory: ReadMemory | undefined;
  readonly #host: string;
  readonly #connect: (connection: FastConnection) => void;
  readonly #open = new Set<FastConnection>();
  /** The latest used last. */
  #idle: FastConnection[] = [];
  /** Connections whose answers ended in this turn of the event loop. */
  #newlyIdle: FastConnection[] = [];
  /** Their number, with those of the turn before. */
  #newlyIdleCount = 0;
  #waiting: FastRequest[] = [];
  /** Answers since the last plain one. */
  #othersInARow = 0;
  #isDestroyed = false;
  #last: { readonly headers: readonly string[]; readonly lines: string | undefined } | undefined;

  constructor(origin: string, settings: FastSettings, full: FullDispatcher) {
    this.#full = full;
    this.#most = settings.connections;
    this.#memory = settings.memory;
    const where = serverOf(origin);
    this.#host = where.host ?? "";
    const connect = sharedBufferConnector(settings);
    this.#connect = (connection) =>
      connect(where, (error, buffered) => {
        if (buffered === undefined) connection.fail(error ?? new errors.SocketError("closed"));
        else connection.open(buffered);
      });
  }

  /** Open connections over which an answer came. */
  get served(): number {
    let served = 0;
    for (const { isServed } of this.#open) if (isServed) served++;
    return served;
  }

  /** Like `dispatch` of undici. */
  dispatch(outgoing: OutgoingRequest, handler: AnswerHandler): void {
    const text = this.#textOf(outgoing);
    if (text === undefined) this.#full.dispatch(outgoing, handler);
    else {
      this.#waiting.push(new FastRequest(outgoing, text, handler));
      this.#serve();
    }
  }

  /** Returns the text to be sent; `undefined` if undici is to send the request. */
  #textOf(outgoing: OutgoingRequest): string | undefined {
    if (this.#isDestroyed || this.#othersInARow >= mostOthersInARow) return undefined;
    const lines = this.#linesOf(outgoing.headers);
    if (lines === undefined || !sendablePath.test(outgoing.path)) return undefined;
    return requestText(outgoing, this.#host, outgoing.method === "HEAD" ? "close" : "keep-alive", lines);
  }

  /** Most requests have the same headers as the one before. */
  #linesOf(headers: readonly string[]): string | undefined {
    if (headers !== this.#last?.headers) {
      const isOrdinary = !headers.some((text, at) => at % 2 === 0 && special.test(text));
      this.#last = { headers, lines: isOrdinary ? headerLines(headers) : undefined };
    }
    return this.#last.lines;
  }

  /** Fails all requests that have not ended. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    const error = new errors.ClientDestroyedError();
    for (const request of this.#waiting.splice(0)) request.fail(error);
    for (const connection of [...this.#open]) connection.destroy(error);
    await this.#full.destroy();
  }

  /**
   * The connection is used again one turn of the event loop later. Until then, bytes behind the
   * answer and the end of the connection are noticed.
   */
  becameIdle(connection: FastConnection): void {
    this.#newlyIdleCount++;
    if (this.#newlyIdle.push(connection) === 1) setImmediate(this.#afterThisTurn);
  }

  readonly #afterThisTurn = (): void => {
    const newlyIdle = this.#newlyIdle;
    this.#newlyIdle = [];
    setImmediate(() => this.#reuse(newlyIdle));
  };

  #reuse(newlyIdle: readonly FastConnection[]): void {
    this.#newlyIdleCount -= newlyIdle.length;
    for (const connection of newlyIdle) {
      if (!connection.isIdle) continue;
      if (this.#othersInARow >= mostOthersInARow) connection.drop();
      else this.#idle.push(connection);
    }
    this.#serve();
  }

  headCame(isPlain: boolean): void {
    if (isPlain) {
      // Requests sent before may still be answered after undici has taken over.
      if (this.#othersInARow < mostOthersInARow) this.#othersInARow = 0;
      return;
    }
    if (++this.#othersInARow === mostOthersInARow) this.retire();
  }

  /** Sends no more requests: each connection is closed as soon as it is idle. */
  retire(): void {
    this.#othersInARow = mostOthersInARow;
    for (const connection of this.#idle.splice(0)) connection.drop();
  }

  closed(connection: FastConnection): void {
    if (!this.#open.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#serve();
  }

  replace(connection: FastConnection, request: FastRequest): void {
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
        request.handler.onConnection(free);
        if (!free.send(request)) this.#idle.push(free);
      }
    }
  }

  /** False if newly idle connections are enough for the waiting requests. */
  get #mayOpen(): boolean {
    return this.#open.size < this.#most && this.#waiting.length > this.#newlyIdleCount;
  }

  #begin(request: FastRequest): void {
    const connection = new FastConnection(this, request, this.#memory);
    this.#open.add(connection);
    request.handler.onConnection(connection);
    this.#connect(connection);
  }
}
