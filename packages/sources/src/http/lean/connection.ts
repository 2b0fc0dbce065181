import { longestIdle } from "../connecting/connector.ts";
import { errors } from "../connecting/undici.ts";
import { Deadline } from "./deadline.ts";
import type { Carrier, LeanRequest } from "./lean-request.ts";
import { passOn } from "./pass-on.ts";
import { mayBecomePlain, readPlainHead } from "./plain-head.ts";
import type { Wire } from "./wire.ts";

const endOfHead = Buffer.from("\r\n\r\n");
/** Bytes of a head. undici reads no longer one either. */
const longestHead = 16 * 1024;
/** Pieces that a head may come in: one as a rule. */
const mostPieces = 8;

/** Whose connection it is. */
export interface Owner {
  /** An answer has ended; the connection may be used for the next. */
  rests(connection: LeanConnection): void;
  /** Of an answer that has begun: it is plain, or somebody else reads it. */
  begun(isPlain: boolean): void;
  closed(connection: LeanConnection): void;
  /**
   * A kept connection was closed before a byte of the answer came: the request goes over a new one
   * in its place.
   */
  replace(connection: LeanConnection, request: LeanRequest): void;
}

/**
 * A keep-alive connection that reads plain answers in HTTP/1.1, strictly. What is anything else
 * goes on to undici, from its first byte, and the connection is closed behind it.
 */
export class LeanConnection implements Carrier {
  readonly #owner: Owner;
  readonly #deadline = new Deadline(() => this.#late());
  #wire: Wire | undefined;
  #state: "connecting" | "idle" | "head" | "body" | "passed" | "closed" = "connecting";
  #request: LeanRequest | undefined;
  #isServed = false;
  /** It has brought an answer and was kept for the next. */
  #isKept = false;
  /** The beginning of a head that comes in pieces. */
  #begun: Buffer | undefined;
  #pieces = 0;
  /** Bytes of the body that are still to come. */
  #left = 0;
  /** Milliseconds that it may wait for its next request, by the last answer. */
  #idleMs = longestIdle;
  /** Why it is closed. */
  #error: Error | undefined;

  /** `request`: the first that goes over it. */
  constructor(owner: Owner, request: LeanRequest) {
    this.#owner = owner;
    this.#request = request;
  }

  get isServed(): boolean {
    return this.#isServed;
  }

  get isIdle(): boolean {
    return this.#state === "idle";
  }

  answered(): void {
    this.#isServed = true;
  }

  /** It is connected: sends its first request. */
  open(wire: Wire): void {
    if (this.#state === "closed") {
      wire.socket.destroy();
      return;
    }
    this.#wire = wire;
    wire.socket
      .on("error", (error) => this.#broke(error))
      .on("end", () => this.#broke(new errors.SocketError("other side closed")))
      .on("close", () => this.#gone());
    this.#state = "idle";
    wire.receive((bytes) => this.#came(bytes));
    const request = this.#request;
    if (request !== undefined && !this.send(request)) this.#rest();
  }

  /** No connection came about. */
  fail(error: Error): void {
    this.#end(error);
  }

  /** Returns whether it was sent: it may be wanted no more. */
  send(request: LeanRequest): boolean {
    this.#request = undefined;
    if (!request.begin(this)) return false;
    this.#request = request;
    this.#state = "head";
    this.#deadline.set(request.asked.headersTimeout);
    this.#wire?.socket.ref().write(request.text, "latin1");
    return true;
  }

  resume(): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#deadline.set(request.asked.bodyTimeout);
    // Nothing lies in the socket's own buffer: this only makes it read on.
    this.#wire?.socket.read(0);
  }

  drop(): void {
    this.#request = undefined;
    this.#close();
  }

  giveUp(): void {
    const error = new errors.SocketError("the server does not serve this connection");
    // Whoever has taken the request back wants no word of it.
    if (this.#request?.begin(this) === true) this.#end(error);
    else this.drop();
  }

  /** Ends its request, too. */
  destroy(error: Error): void {
    if (this.#state === "passed") this.#wire?.socket.destroy(error);
    else this.#end(error);
  }

  /** Returns whether to read on. */
  #came(bytes: Buffer): boolean {
    try {
      switch (this.#state) {
        case "head":
          return this.#takeHead(bytes);
        case "body":
          return this.#takeBody(bytes);
        case "passed":
          return this.#wire?.socket.push(Buffer.from(bytes)) === true;
        default:
          // Nothing was sent that this could be an answer to.
          this.#end(new errors.SocketError("bad response"));
          return false;
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #takeHead(bytes: Buffer): boolean {
    const request = this.#request;
    if (request === undefined) return false;
    const all = this.#begun === undefined ? bytes : Buffer.concat([this.#begun, bytes]);
    const end = all.indexOf(endOfHead);
    if (end === -1) return this.#awaitHead(all);
    const isShort = end <= longestHead;
    const head = isShort
      ? readPlainHead(all.toString("latin1", 0, end + 2), request.asked.method)
      : undefined;
    if (head === undefined) return this.#pass(all);
    this.#begun = undefined;
    this.#owner.begun(true);
    this.#state = "body";
    this.#left = head.bodyBytes;
    this.#idleMs = head.idleMs;
    request.asker.onResponseStart?.(request, head.status, head.headers, head.statusText);
    const isWhole = all.length === end + endOfHead.length && this.#left > 0;
    return isWhole ? this.#awaitBody() : this.#takeBody(all.subarray(end + endOfHead.length));
  }

  #awaitHead(begun: Buffer): boolean {
    const isTooMuch = begun.length > longestHead || ++this.#pieces > mostPieces;
    if (isTooMuch || !mayBecomePlain(begun.toString("latin1"))) return this.#pass(begun);
    this.#begun = Buffer.from(begun);
    return true;
  }

  #takeBody(bytes: Buffer): boolean {
    const request = this.#request;
    if (request === undefined) return false;
    const body = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= body.length;
    if (body.length > 0) request.asker.onResponseData?.(request, body);
    if (this.#left > 0) return this.#awaitBody();
    // It may have been broken off by whoever took the last bytes.
    if (this.#request === undefined) return false;
    return this.#finish(request, bytes.length > body.length);
  }

  #awaitBody(): boolean {
    const request = this.#request;
    if (request === undefined) return false;
    this.#deadline.set(request.asked.bodyTimeout);
    return !request.paused;
  }

  /**
   * `hasSurplus`: more has come than the answer. It is nobody's, and what follows is not trusted.
   */
  #finish(request: LeanRequest, hasSurplus: boolean): boolean {
    this.#request = undefined;
    this.#isKept = !hasSurplus && this.#idleMs > 0;
    if (this.#isKept) this.#rest();
    else this.#close();
    request.end();
    return this.#isKept;
  }

  #rest(): void {
    this.#state = "idle";
    this.#pieces = 0;
    // An idle connection keeps no process alive.
    this.#wire?.socket.unref();
    this.#deadline.set(this.#idleMs);
    this.#owner.rests(this);
  }

  #pass(begun: Buffer): boolean {
    const request = this.#request;
    const socket = this.#wire?.socket;
    if (request === undefined || socket === undefined) return false;
    this.#state = "passed";
    this.#request = undefined;
    const headersTimeout = Math.max(1, Math.ceil(this.#deadline.left));
    this.#deadline.clear();
    request.leave();
    passOn(socket, Buffer.from(begun), { ...request.asked, headersTimeout }, request.asker);
    this.#owner.begun(false);
    return false;
  }

  #late(): void {
    const request = this.#request;
    if (request === undefined) this.#close();
    // A body that is not read is silent by our own wish.
    else if (request.paused) this.#deadline.set(request.asked.bodyTimeout);
    else this.#end(this.#state === "head" ? new errors.HeadersTimeoutError() : new errors.BodyTimeoutError());
  }

  #broke(error: Error): void {
    this.#error ??= error;
    if (this.#state !== "passed") this.#lost();
  }

  #gone(): void {
    this.#error ??= new errors.SocketError("closed");
    if (this.#state === "passed") this.#close();
    else this.#lost();
  }

  /** Closed by the other side, or by the network. */
  #lost(): void {
    const request = this.#request;
    const isUnanswered = this.#state === "head" && this.#begun === undefined;
    if (request === undefined || !this.#isKept || !isUnanswered || request.isSentAgain) {
      this.#end(this.#error ?? new errors.SocketError("closed"));
      return;
    }
    request.isSentAgain = true;
    this.#request = undefined;
    this.#owner.replace(this, request);
    this.#close();
  }

  #end(error: Error): void {
    const request = this.#request;
    this.drop();
    request?.fail(error);
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#isServed = false;
    this.#begun = undefined;
    this.#deadline.clear();
    this.#wire?.socket.destroy();
    this.#owner.closed(this);
  }
}
