import { longestIdle } from "../connecting/connector.ts";
import { errors } from "../connecting/undici.ts";
import { Deadline } from "./deadline.ts";
import type { FastRequest, UsedConnection } from "./fast-request.ts";
import { handOver } from "./hand-over.ts";
import { mayBecomePlain, readPlainHead } from "./plain-head.ts";
import { type ReadMemory, ReadPlace } from "./read-memory.ts";
import type { Reader, SharedBufferSocket } from "./shared-buffer.ts";

const endOfHead = Buffer.from("\r\n\r\n");
/** Bytes of a head. undici reads no longer one either. */
const longestHead = 16 * 1024;
/** Pieces that a head may come in. Most come in one. */
const mostPieces = 8;

/** The pool that a connection belongs to. */
export interface Owner {
  /** An answer has ended. The connection may be used for another request. */
  becameIdle(connection: FastConnection): void;
  /** The head of an answer has come. If it is not plain, undici reads the answer. */
  headCame(isPlain: boolean): void;
  closed(connection: FastConnection): void;
  /**
   * A kept connection was closed before a byte of the answer came: the request is to be sent over a
   * new connection.
   */
  replace(connection: FastConnection, request: FastRequest): void;
}

/**
 * A keep-alive connection that reads plain answers in HTTP/1.1, strictly. Any other answer is handed
 * over to undici from its first byte, and the connection is closed after it.
 */
export class FastConnection implements UsedConnection, Reader {
  readonly #owner: Owner;
  readonly #place: ReadPlace;
  readonly #deadline = new Deadline(() => this.#timedOut());
  #buffered: SharedBufferSocket | undefined;
  #state: "connecting" | "idle" | "head" | "body" | "handedOver" | "closed" = "connecting";
  #request: FastRequest | undefined;
  #isServed = false;
  /** An answer came over it, and it was kept for another request. */
  #isKept = false;
  /** The beginning of a head that is not complete. */
  #begun: Buffer | undefined;
  #pieces = 0;
  /** Bytes of the body that are still to come. */
  #left = 0;
  /** Milliseconds that it may wait for another request, as the last answer allows. */
  #idleMs = longestIdle;
  /** Why it is closed. */
  #error: Error | undefined;

  /** `request`: the first to be sent over it. */
  constructor(owner: Owner, request: FastRequest, memory: ReadMemory | undefined) {
    this.#owner = owner;
    this.#request = request;
    this.#place = new ReadPlace(memory);
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

  /** The socket is connected: sends the first request. */
  open(buffered: SharedBufferSocket): void {
    if (this.#state === "closed") {
      buffered.socket.destroy();
      return;
    }
    this.#buffered = buffered;
    buffered.socket
      .on("error", (error) => this.#socketFailed(error))
      .on("end", () => this.#socketFailed(new errors.SocketError("other side closed")))
      .on("close", () => this.#socketClosed());
    this.#state = "idle";
    this.#place.open();
    buffered.read(this);
    const request = this.#request;
    if (request !== undefined && !this.send(request)) this.#becomeIdle();
  }

  /** No connection could be made. */
  fail(error: Error): void {
    this.#end(error);
  }

  /** Returns whether the request was sent: it may have been aborted. */
  send(request: FastRequest): boolean {
    this.#request = undefined;
    if (!request.begin(this)) return false;
    this.#request = request;
    this.#state = "head";
    this.#deadline.set(request.outgoing.headersTimeout);
    this.#buffered?.socket.ref().write(request.text, "latin1");
    return true;
  }

  resume(): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#deadline.set(request.outgoing.bodyTimeout);
    // The socket's own buffer is empty: this only makes it continue to read.
    this.#buffered?.socket.read(0);
  }

  drop(): void {
    this.#request = undefined;
    this.#close();
  }

  giveUp(): void {
    const error = new errors.SocketError("the server does not serve this connection");
    // A request that was taken back gets no error.
    if (this.#request?.begin(this) === true) this.#end(error);
    else this.drop();
  }

  /** Fails its request, too. */
  destroy(error: Error): void {
    if (this.#state === "handedOver") this.#buffered?.socket.destroy(error);
    else this.#end(error);
  }

  memory(): Buffer | undefined {
    return this.#place.next();
  }

  exchange(place: number): number {
    return this.#place.exchange(place);
  }

  came(bytes: Buffer): boolean {
    try {
      switch (this.#state) {
        case "head":
          return this.#readHead(bytes);
        case "body":
          return this.#readBody(bytes);
        case "handedOver":
          return this.#buffered?.socket.push(Buffer.from(bytes)) === true;
        default:
          // No request was sent.
          this.#end(new errors.SocketError("bad response"));
          return false;
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #readHead(bytes: Buffer): boolean {
    const request = this.#request;
    if (request === undefined) return false;
    const all = this.#begun === undefined ? bytes : Buffer.concat([this.#begun, bytes]);
    const end = all.indexOf(endOfHead);
    if (end === -1) return this.#waitForHead(all);
    const isShort = end <= longestHead;
    const head = isShort
      ? readPlainHead(all.toString("latin1", 0, end + 2), request.outgoing.method)
      : undefined;
    if (head === undefined) return this.#handOver(all);
    this.#begun = undefined;
    this.#owner.headCame(true);
    this.#state = "body";
    this.#left = head.bodyBytes;
    this.#idleMs = head.idleMs;
    request.handler.onResponseStart?.(request, head.status, head.headers, head.statusText);
    const headBytes = end + endOfHead.length;
    const isAlone = all.length === headBytes && this.#left > 0;
    return isAlone ? this.#waitForBody() : this.#readBody(all.subarray(headBytes), headBytes);
  }

  #waitForHead(begun: Buffer): boolean {
    const isTooMuch = begun.length > longestHead || ++this.#pieces > mostPieces;
    if (isTooMuch || !mayBecomePlain(begun.toString("latin1"))) return this.#handOver(begun);
    this.#begun = Buffer.from(begun);
    return true;
  }

  /** `before`: bytes of the head before them, in the same piece of memory. */
  #readBody(bytes: Buffer, before = 0): boolean {
    const request = this.#request;
    if (request === undefined) return false;
    const body = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= body.length;
    if (body.length > 0) request.handler.onResponseData?.(request, body);
    if (this.#left > 0) {
      const { kept } = this.#place;
      this.#place.kept = request.handler.keepsWhatCame ? kept + before + body.length : 0;
      return this.#waitForBody();
    }
    // The handler of the last bytes may have aborted the request.
    if (this.#request === undefined) return false;
    return this.#finish(request, bytes.length > body.length);
  }

  #waitForBody(): boolean {
    const request = this.#request;
    if (request === undefined) return false;
    this.#deadline.set(request.outgoing.bodyTimeout);
    return !request.paused;
  }

  /** `hasSurplus`: bytes came behind the answer. They are dropped, and the connection is closed. */
  #finish(request: FastRequest, hasSurplus: boolean): boolean {
    this.#request = undefined;
    this.#isKept = !hasSurplus && this.#idleMs > 0;
    if (this.#isKept) this.#becomeIdle();
    else this.#close();
    request.end();
    return this.#isKept;
  }

  #becomeIdle(): void {
    this.#state = "idle";
    this.#pieces = 0;
    this.#place.kept = 0;
    // An idle connection does not keep the process running.
    this.#buffered?.socket.unref();
    this.#deadline.set(this.#idleMs);
    this.#owner.becameIdle(this);
  }

  #handOver(begun: Buffer): boolean {
    const request = this.#request;
    const socket = this.#buffered?.socket;
    if (request === undefined || socket === undefined) return false;
    this.#state = "handedOver";
    this.#request = undefined;
    const headersTimeout = Math.max(1, Math.ceil(this.#deadline.left));
    this.#deadline.clear();
    request.leave();
    handOver(socket, Buffer.from(begun), { ...request.outgoing, headersTimeout }, request.handler);
    this.#owner.headCame(false);
    return false;
  }

  #timedOut(): void {
    const request = this.#request;
    if (request === undefined) this.#close();
    // No bytes come while we do not read.
    else if (request.paused) this.#deadline.set(request.outgoing.bodyTimeout);
    else this.#end(this.#state === "head" ? new errors.HeadersTimeoutError() : new errors.BodyTimeoutError());
  }

  #socketFailed(error: Error): void {
    this.#error ??= error;
    if (this.#state !== "handedOver") this.#lost();
  }

  #socketClosed(): void {
    this.#error ??= new errors.SocketError("closed");
    if (this.#state === "handedOver") this.#close();
    else this.#lost();
  }

  /** Closed by the server or by the network. */
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
    this.#buffered?.socket.destroy();
    this.#place.close();
    this.#owner.closed(this);
  }
}
