import type { Socket } from "node:net";
import type { buildConnector, Dispatcher } from "undici";
import { serverOf } from "../connecting/connector.ts";
import { errors } from "../connecting/undici.ts";
import type { OutgoingRequest } from "../requests/outgoing-request.ts";
import { headerLines, requestText } from "../requests/request-text.ts";
import { AmbiguousAnswer } from "./answer-head.ts";
import { LenientParser } from "./lenient-parser.ts";

/** One request over a connection of its own, whose answer is parsed leniently. */
export class LenientExchange implements Dispatcher.DispatchController {
  readonly #outgoing: OutgoingRequest;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #ended: (error?: Error) => void;
  readonly #parser: LenientParser;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout;
  #isOver = false;
  paused = false;
  reason: Error | null = null;

  /** `ended` is called once, before the handler's last method. */
  constructor(
    outgoing: OutgoingRequest,
    handler: Dispatcher.DispatchHandler,
    ended: (error?: Error) => void,
  ) {
    this.#outgoing = outgoing;
    this.#handler = handler;
    this.#ended = ended;
    this.#timer = setTimeout(() => this.abort(new errors.HeadersTimeoutError()), outgoing.headersTimeout);
    this.#parser = new LenientParser(
      {
        head: ({ status, headers, statusText }) =>
          handler.onResponseStart?.(this, status, headers, statusText),
        data: (chunk) => handler.onResponseData?.(this, chunk),
        end: () => this.#end(),
      },
      outgoing.method,
    );
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  send(connect: buildConnector.connector): void {
    const server = serverOf(this.#outgoing.origin);
    this.#handler.onRequestStart?.(this, {});
    if (this.#isOver) return;
    connect(server, (...[error, socket]) => {
      if (error !== null) this.#fail(error);
      else if (this.#isOver) socket.destroy();
      else this.#write(socket, server.host ?? "");
    });
  }

  pause(): void {
    this.paused = true;
    clearTimeout(this.#timer);
  }

  resume(): void {
    this.paused = false;
    this.#waitForMore();
    // Later, because the code that calls `resume` has more to do.
    setImmediate(() => this.#read());
  }

  abort(reason: Error): void {
    this.reason = reason;
    this.#fail(reason);
  }

  #write(socket: Socket, host: string): void {
    const lines = headerLines(this.#outgoing.headers);
    this.#socket = socket;
    socket
      .on("readable", () => this.#read())
      .on("end", () => this.#closed())
      .on("error", (error) => this.#fail(error))
      .on("close", () => this.#closed());
    if (lines === undefined) this.#fail(new errors.InvalidArgumentError("a header cannot be sent"));
    else socket.write(requestText(this.#outgoing, host, "close", lines), "latin1");
  }

  #read(): void {
    while (!this.paused && !this.#isOver) {
      const bytes: Buffer | null = this.#socket?.read() ?? null;
      if (bytes === null) return;
      this.#parse(bytes);
    }
  }

  #parse(bytes: Buffer): void {
    try {
      this.#parser.push(bytes);
    } catch (error) {
      if (!(error instanceof AmbiguousAnswer)) throw error;
      this.#fail(new errors.HTTPParserError(error.message));
    }
    if (this.#parser.hasBegun && !this.paused) this.#waitForMore();
  }

  #closed(): void {
    if (!this.#isOver && !this.#parser.close()) this.#fail(new errors.SocketError("other side closed"));
  }

  #waitForMore(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(() => this.abort(new errors.BodyTimeoutError()), this.#outgoing.bodyTimeout);
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
