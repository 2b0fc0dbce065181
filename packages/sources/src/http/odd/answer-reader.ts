import { type AnswerHead, Doubt, readHead } from "./answer-head.ts";

/** Bytes of a head. */
const longestHead = 256 * 1024;
/**
 * Bytes of a chunk's first line, or of one behind the last chunk, and how many of the latter there
 * may be.
 */
const longestLine = 16 * 1024;
const mostTrailers = 1_000;
const none = Buffer.alloc(0);
/** A line that ends, and an empty one behind it. */
const endOfHead = /\n\r?\n/;

export interface AnswerEvents {
  head(head: AnswerHead): void;
  data(chunk: Buffer): void;
  /** The answer is whole; what follows is not part of it. */
  end(): void;
}

/**
 * What is read next: a head, a chunk's first line, the line behind its data, lines behind the last
 * chunk, or bytes of the body.
 */
type Part = "head" | "size" | "behind" | "trailer" | "body" | "nothing";

/**
 * An answer in HTTP/1 as it comes, read as curl reads it: lines may end with LF alone, a length may
 * be repeated. If two readers could take different bytes for the body, `push` throws Doubt.
 */
export class AnswerReader {
  readonly #events: AnswerEvents;
  readonly #hasBody: boolean;
  #part: Part = "head";
  /** The beginning of a head. */
  #pieces: Buffer[] = [];
  #headBytes = 0;
  /** The beginning of a line. */
  #line: Buffer = none;
  #trailers = 0;
  #head: AnswerHead | undefined;
  /** Bytes that come of the body, or of its chunk; infinite until the connection ends. */
  #left = 0;
  #received = 0;

  constructor(events: AnswerEvents, method: "GET" | "HEAD") {
    this.#events = events;
    this.#hasBody = method === "GET";
  }

  /** True if all of it has come. */
  get isOver(): boolean {
    return this.#part === "nothing";
  }

  /** True if its head has come. */
  get hasBegun(): boolean {
    return this.#head !== undefined;
  }

  /** Throws Doubt. */
  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0 && !this.isOver) {
      if (this.#part === "body") rest = this.#takeBody(rest);
      else rest = this.#part === "head" ? this.#takeHead(rest) : this.#takeLine(rest);
    }
  }

  /** The connection has ended in good order. Returns whether the answer is whole. */
  close(): boolean {
    const isWhole = this.isOver || this.#part === "trailer" || this.#left === Number.POSITIVE_INFINITY;
    if (isWhole) this.#finish();
    return isWhole;
  }

  /** Each piece is read once, also small ones: the end may lie across two of them. */
  #takeHead(bytes: Buffer): Buffer {
    const from = this.#headBytes === 0 ? bytes.findIndex((byte) => byte !== 0x0d && byte !== 0x0a) : 0;
    if (from === -1) return none;
    const begun = bytes.subarray(from);
    const before = Buffer.concat(this.#pieces.slice(-2)).subarray(-2);
    const found = endOfHead.exec(Buffer.concat([before, begun]).toString("latin1"));
    const end = found === null ? begun.length : found.index + found[0].length - before.length;
    this.#pieces.push(begun.subarray(0, end));
    this.#headBytes += end;
    if (this.#headBytes > longestHead) throw new Doubt(`its head has more than ${longestHead} bytes`);
    if (found === null) return none;
    const text = Buffer.concat(this.#pieces).toString("latin1");
    this.#pieces = [];
    this.#headBytes = 0;
    this.#begin(readHead(text.trimEnd()));
    return begun.subarray(end);
  }

  #begin(head: AnswerHead): void {
    const { status, isChunked, length } = head;
    if (status === 101) throw new Doubt("it is an upgrade that was not asked for");
    if (status < 200) return;
    this.#head = head;
    this.#events.head(head);
    const isEmpty = !this.#hasBody || status === 204 || status === 304;
    this.#part = isChunked ? "size" : "body";
    this.#left = isChunked ? 0 : (length ?? Number.POSITIVE_INFINITY);
    if (isEmpty || (length === 0 && !isChunked)) this.#finish();
  }

  #takeBody(bytes: Buffer): Buffer {
    const taken = bytes.subarray(0, this.#left);
    this.#left -= taken.length;
    this.#received += taken.length;
    const isChunked = this.#head?.isChunked === true;
    if (isChunked) this.#checkLength((received, length) => received > length);
    this.#events.data(taken);
    if (this.#left === 0 && isChunked) this.#part = "behind";
    else if (this.#left === 0) this.#finish();
    return bytes.subarray(taken.length);
  }

  #takeLine(bytes: Buffer): Buffer {
    const all = Buffer.concat([this.#line, bytes]);
    const end = all.indexOf("\n");
    if ((end === -1 ? all.length : end) > longestLine)
      throw new Doubt(`a line of its body has more than ${longestLine} bytes`);
    this.#line = end === -1 ? all : none;
    if (end === -1) return none;
    const line = all.toString("latin1", 0, end).replace(/\r$/, "");
    if (this.#part === "trailer") this.#takeTrailer(line);
    else if (this.#part === "size") this.#beginChunk(line);
    else if (this.#part === "behind" && line !== "") throw new Doubt("a chunk is longer than it says");
    else if (this.#part === "behind") this.#part = "size";
    return all.subarray(end + 1);
  }

  #takeTrailer(line: string): void {
    if (line === "") this.#finish();
    else if (++this.#trailers > mostTrailers) throw new Doubt("there is no end to the lines behind its body");
  }

  #beginChunk(line: string): void {
    const [, size] = /^[ \t]*([\da-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
    if (size === undefined) throw new Doubt("the size of a chunk is no number");
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailer" : "body";
    if (this.#left === 0) this.#checkLength((received, length) => received !== length);
  }

  /** Chunks and a length beside them must have the same sum. */
  #checkLength(isOther: (received: number, length: number) => boolean): void {
    const length = this.#head?.length;
    if (length !== undefined && isOther(this.#received, length))
      throw new Doubt("its chunks and its Content-Length do not fit together");
  }

  #finish(): void {
    if (this.isOver) return;
    this.#part = "nothing";
    this.#events.end();
  }
}
