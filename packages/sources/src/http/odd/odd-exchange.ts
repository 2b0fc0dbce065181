import type { Socket } from "node:net";
import type { buildConnector, Dispatcher } from "undici";
import { serverOf } from "../connecting/connector.ts";
import { errors } from "../connecting/undici.ts";
import type { AskedRequest } from "../requests/asked-request.ts";
import { requestText } from "../requests/request-text.ts";
import { Doubt } from "./answer-head.ts";
import { AnswerReader } from "./answer-reader.ts";

/** One request whose answer is read leniently, on a connection of its own. */
export class OddExchange implements Dispatcher.DispatchController {
  readonly #asked: AskedRequest;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #ended: (error?: Error) => void;
  readonly #reader: AnswerReader;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout;
  #isOver = false;
  paused = false;
  reason: Error | null = null;

  /** `ended`: called once, before the handler hears of it. */
  constructor(asked: AskedRequest, handler: Dispatcher.DispatchHandler, ended: (error?: Error) => void) {
    this.#asked = asked;
    this.#handler = handler;
    this.#ended = ended;
    this.#timer = setTimeout(() => this.abort(new errors.HeadersTimeoutError()), asked.headersTimeout);
    this.#reader = new AnswerReader(
      {
        head: ({ status, headers, statusText }) =>
          handler.onResponseStart?.(this, status, headers, statusText),
        data: (chunk) => handler.onResponseData?.(this, chunk),
        end: () => this.#end(),
      },
      asked.method,
    );
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  send(connect: buildConnector.connector): void {
    const where = serverOf(this.#asked.origin);
    this.#handler.onRequestStart?.(this, {});
    if (this.#isOver) return;
    connect(where, (...[error, socket]) => {
      if (error !== null) this.#fail(error);
      else if (this.#isOver) socket.destroy();
      else this.#ask(socket, where.host ?? "");
    });
  }

  pause(): void {
    this.paused = true;
    clearTimeout(this.#timer);
  }

  resume(): void {
    this.paused = false;
    this.#waitForMore();
    // Not at once: whoever resumes is not done yet.
    setImmediate(() => this.#read());
  }

  abort(reason: Error): void {
    this.reason = reason;
    this.#fail(reason);
  }

  #ask(socket: Socket, host: string): void {
    const text = requestText(this.#asked, host, "close");
    this.#socket = socket;
    socket
      .on("readable", () => this.#read())
      .on("end", () => this.#closed())
      .on("error", (error) => this.#fail(error))
      .on("close", () => this.#closed());
    if (text === undefined) this.#fail(new errors.InvalidArgumentError("a header cannot be sent"));
    else socket.write(text, "latin1");
  }

  #read(): void {
    while (!this.paused && !this.#isOver) {
      const bytes: Buffer | null = this.#socket?.read() ?? null;
      if (bytes === null) return;
      this.#take(bytes);
    }
  }

  #take(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
    } catch (error) {
      if (!(error instanceof Doubt)) throw error;
      this.#fail(new errors.HTTPParserError(error.message));
    }
    if (this.#reader.hasBegun && !this.paused) this.#waitForMore();
  }

  #closed(): void {
    if (!this.#isOver && !this.#reader.close()) this.#fail(new errors.SocketError("other side closed"));
  }

  #waitForMore(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(() => this.abort(new errors.BodyTimeoutError()), this.#asked.bodyTimeout);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#close();
    this.#ended();
    this.#handler.onResponseEnd?.(this, {});
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#close();
    this.#ended(error);
    this.#handler.onResponseError?.(this, error);
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }
}
