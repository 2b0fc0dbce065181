import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { type buildConnector, type Dispatcher, errors } from "undici";
import { isUnreadable } from "./faults/http-fault.ts";
import { codeOf } from "./faults/seen.ts";
import { remember } from "./remember.ts";

/** Requests whose answers are remembered to be odd. */
const mostKnown = 10_000;
/** Bytes of a head. */
const longestHead = 256 * 1024;

export interface OddRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: "GET" | "HEAD";
  /** Name, value, name, value… */
  readonly headers: readonly string[];
  /** Milliseconds, both. */
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/**
 * Answers that undici cannot read, and Node's parser can where it is told to be lenient: lines that end with LF alone, folded
 * headers, blanks before a colon or behind a chunk's size, control characters. Each has a connection of its own, which is closed
 * after it: where such an answer ends wrongly, no other takes part of it for its own.
 */
export class OddAnswers implements Disposable {
  readonly #running = new Set<OddExchange>();
  /** By origin and path. */
  readonly #known = new Map<string, "odd" | "hopeless">();

  /** Whether its answer is to be read in this way. */
  has({ origin, path }: Pick<OddRequest, "origin" | "path">): boolean {
    return this.#known.size > 0 && this.#known.get(origin + path) === "odd";
  }

  /** Whether a request that failed so has its answer read in this way when it is sent again. */
  note({ origin, path }: Pick<OddRequest, "origin" | "path">, error: Error): boolean {
    if (!isUnreadable(error) || this.#known.get(origin + path) === "hopeless") return false;
    remember(this.#known, origin + path, "odd", mostKnown);
    return true;
  }

  /** As undici's dispatchers do it. */
  dispatch(asked: OddRequest, connect: buildConnector.connector, handler: Dispatcher.DispatchHandler): void {
    const { origin, path, method, headers } = asked;
    const { host } = new URL(origin);
    const sent = request({
      path,
      method,
      headers: ["host", host, ...headers],
      insecureHTTPParser: true,
      maxHeaderSize: longestHead,
      createConnection: (_, done) => connectTo(origin, connect, done),
    });
    const onFailed = (error: Error) => {
      if (isUnreadable(error) || codeOf(error) === "UND_ERR_BODY_TIMEOUT")
        remember(this.#known, origin + path, "hopeless", mostKnown);
    };
    const exchange = new OddExchange(sent, handler, { ...asked, onFailed });
    this.#running.add(exchange);
    sent.once("close", () => this.#running.delete(exchange)).end();
  }

  /** Breaks what is still under way. */
  [Symbol.dispose](): void {
    for (const exchange of this.#running) exchange.abort(new errors.ClientDestroyedError());
  }
}

/** `done`: Node's types want a connection with an error, too. */
function connectTo(
  origin: string,
  connect: buildConnector.connector,
  done: (error: Error | null, connection: Duplex) => void,
): undefined {
  const { hostname, host, protocol, port } = new URL(origin);
  const where = { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), host, protocol, port };
  connect(where, (...[error, socket]) => done(error, socket as unknown as Duplex));
}

interface OddExchangeOptions extends Pick<OddRequest, "headersTimeout" | "bodyTimeout"> {
  /** Called before the handler hears of it. */
  readonly onFailed: (error: Error) => void;
}

class OddExchange implements Dispatcher.DispatchController {
  readonly #request: ClientRequest;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #options: OddExchangeOptions;
  #timer: NodeJS.Timeout;
  #response: IncomingMessage | undefined;
  #isOver = false;
  reason: Error | null = null;

  constructor(sent: ClientRequest, handler: Dispatcher.DispatchHandler, options: OddExchangeOptions) {
    this.#request = sent;
    this.#handler = handler;
    this.#options = options;
    this.#timer = setTimeout(() => this.abort(new errors.HeadersTimeoutError()), options.headersTimeout);
    sent
      .on("response", (response) => this.#begin(response))
      .on("upgrade", () =>
        this.#fail(new errors.SocketError("the server answered with an upgrade that was not asked for")),
      )
      .on("error", (error) => this.#fail(error));
    handler.onRequestStart?.(this, {});
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  get paused(): boolean {
    return this.#response?.isPaused() === true;
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#response?.pause();
  }

  resume(): void {
    this.#waitForMore();
    this.#response?.resume();
  }

  abort(reason: Error): void {
    this.reason = reason;
    this.#fail(reason);
  }

  #begin(response: IncomingMessage): void {
    const doubt = doubtOf(response);
    if (doubt !== undefined) {
      this.#fail(new errors.HTTPParserError(doubt));
      return;
    }
    this.#response = response;
    this.#waitForMore();
    const { statusCode = 0, statusMessage = "", headers } = response;
    response
      .on("data", (chunk: Buffer) => {
        this.#waitForMore();
        this.#handler.onResponseData?.(this, chunk);
      })
      .on("error", (error) => this.#fail(error))
      .on("end", () => this.#end());
    this.#handler.onResponseStart?.(this, statusCode, headers, statusMessage);
  }

  #waitForMore(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(() => this.abort(new errors.BodyTimeoutError()), this.#options.bodyTimeout);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#close();
    this.#handler.onResponseEnd?.(this, {});
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#close();
    this.#options.onFailed(error);
    // What undici says of a connection that ends in the middle of an answer.
    const cut = "code" in error && error.code === "ECONNRESET" && this.#response !== undefined;
    this.#handler.onResponseError?.(this, cut ? new errors.SocketError("other side closed") : error);
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#request.destroy();
  }
}

/** What tells the length of the body must tell it once: two readers could take different bytes for it. */
function doubtOf({ rawHeaders }: IncomingMessage): string | undefined {
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.trim().toLowerCase());
  const lengths = rawHeaders.filter((_, at) => names[(at - 1) / 2] === "content-length");
  const codings = names.filter((name) => name === "transfer-encoding");
  if (lengths.length + codings.length > 1) return "the length of its body is told in more than one way";
  return lengths.some((length) => !/^\d+$/.test(length)) ? "its Content-Length is no number" : undefined;
}
