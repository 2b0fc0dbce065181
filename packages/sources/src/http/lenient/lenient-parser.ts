import { AmbiguousAnswer, type AnswerHead, readHead } from "./answer-head.ts";

/** Bytes. */
const longestHead = 256 * 1024;
/** Bytes of a line with a chunk's size, or of a trailer. */
const longestLine = 16 * 1024;
/** Lines behind the last chunk (RFC 9112, section 7.1.2). */
const mostTrailers = 1_000;
const none = Buffer.alloc(0);
/** The end of the last line, and an empty line. */
const endOfHead = /\n\r?\n/;

export interface AnswerEvents {
  head(head: AnswerHead): void;
  data(chunk: Buffer): void;
  /** The answer is complete. Bytes that follow are not part of it. */
  end(): void;
}

/**
 * What is read next. `size`: the line before a chunk's data; `chunkEnd`: the empty line behind the
 * data; `trailer`: a line behind the last chunk.
 */
type Part = "head" | "size" | "chunkEnd" | "trailer" | "body" | "nothing";

/**
 * Parses an answer in HTTP/1 as it comes, as leniently as curl does: lines may end with LF alone, a
 * length may be repeated. If two parsers could take different bytes for the body, `push` throws
 * AmbiguousAnswer.
 */
export class LenientParser {
  readonly #events: AnswerEvents;
  readonly #hasBody: boolean;
  #part: Part = "head";
  /** The beginning of a head that is not complete. */
  #pieces: Buffer[] = [];
  #headBytes = 0;
  /** The beginning of a line that is not complete. */
  #line: Buffer = none;
  #trailers = 0;
  #head: AnswerHead | undefined;
  /** Bytes of the body or the chunk still to come. Infinity: until the connection ends. */
  #left = 0;
  #received = 0;

  constructor(events: AnswerEvents, method: "GET" | "HEAD") {
    this.#events = events;
    this.#hasBody = method === "GET";
  }

  /** True if the whole answer has come. */
  get isOver(): boolean {
    return this.#part === "nothing";
  }

  /** True if the head has come. */
  get hasBegun(): boolean {
    return this.#head !== undefined;
  }

  /** Throws AmbiguousAnswer. */
  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0 && !this.isOver) {
      if (this.#part === "body") rest = this.#readBody(rest);
      else rest = this.#part === "head" ? this.#readHead(rest) : this.#readLine(rest);
    }
  }

  /** The server has closed the connection. Returns whether the answer is complete. */
  close(): boolean {
    const isComplete = this.isOver || this.#part === "trailer" || this.#left === Number.POSITIVE_INFINITY;
    if (isComplete) this.#finish();
    return isComplete;
  }

  /** Searches each piece once, and the seam between two pieces: the end may lie across it. */
  #readHead(bytes: Buffer): Buffer {
    const from = this.#headBytes === 0 ? bytes.findIndex((byte) => byte !== 0x0d && byte !== 0x0a) : 0;
    if (from === -1) return none;
    const begun = bytes.subarray(from);
    const before = Buffer.concat(this.#pieces.slice(-2)).subarray(-2);
    const found = endOfHead.exec(Buffer.concat([before, begun]).toString("latin1"));
    const end = found === null ? begun.length : found.index + found[0].length - before.length;
    this.#pieces.push(begun.subarray(0, end));
    this.#headBytes += end;
    if (this.#headBytes > longestHead)
      throw new AmbiguousAnswer(`its head has more than ${longestHead} bytes`);
    if (found === null) return none;
    const text = Buffer.concat(this.#pieces).toString("latin1");
    this.#pieces = [];
    this.#headBytes = 0;
    this.#begin(readHead(text.trimEnd()));
    return begun.subarray(end);
  }

  #begin(head: AnswerHead): void {
    const { status, isChunked, length } = head;
    if (status === 101) throw new AmbiguousAnswer("it is an upgrade that was not asked for");
    if (status < 200) return;
    this.#head = head;
    this.#events.head(head);
    const isEmpty = !this.#hasBody || status === 204 || status === 304;
    this.#part = isChunked ? "size" : "body";
    this.#left = isChunked ? 0 : (length ?? Number.POSITIVE_INFINITY);
    if (isEmpty || (length === 0 && !isChunked)) this.#finish();
  }

  #readBody(bytes: Buffer): Buffer {
    const body = bytes.subarray(0, this.#left);
    this.#left -= body.length;
    this.#received += body.length;
    const isChunked = this.#head?.isChunked === true;
    if (isChunked) this.#checkLength((received, length) => received > length);
    this.#events.data(body);
    if (this.#left === 0 && isChunked) this.#part = "chunkEnd";
    else if (this.#left === 0) this.#finish();
    return bytes.subarray(body.length);
  }

  #readLine(bytes: Buffer): Buffer {
    const all = Buffer.concat([this.#line, bytes]);
    const end = all.indexOf("\n");
    if ((end === -1 ? all.length : end) > longestLine)
      throw new AmbiguousAnswer(`a line of its body has more than ${longestLine} bytes`);
    this.#line = end === -1 ? all : none;
    if (end === -1) return none;
    const line = all.toString("latin1", 0, end).replace(/\r$/, "");
    if (this.#part === "trailer") this.#readTrailer(line);
    else if (this.#part === "size") this.#beginChunk(line);
    else if (this.#part === "chunkEnd" && line !== "")
      throw new AmbiguousAnswer("a chunk is longer than it says");
    else if (this.#part === "chunkEnd") this.#part = "size";
    return all.subarray(end + 1);
  }

  #readTrailer(line: string): void {
    if (line === "") this.#finish();
    else if (++this.#trailers > mostTrailers)
      throw new AmbiguousAnswer("there is no end to the lines behind its body");
  }

  #beginChunk(line: string): void {
    const [, size] = /^[ \t]*([\da-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
    if (size === undefined) throw new AmbiguousAnswer("the size of a chunk is no number");
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailer" : "body";
    if (this.#left === 0) this.#checkLength((received, length) => received !== length);
  }

  /** If there is a Content-Length beside chunks, both must give the same number of bytes. */
  #checkLength(isOther: (received: number, length: number) => boolean): void {
    const length = this.#head?.length;
    if (length !== undefined && isOther(this.#received, length))
      throw new AmbiguousAnswer("its chunks and its Content-Length do not fit together");
  }

  #finish(): void {
    if (this.isOver) return;
    this.#part = "nothing";
    this.#events.end();
  }
}
