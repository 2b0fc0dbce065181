import type { Socket } from "node:net";
import type { NextSlab } from "@brigade/core";
import { errors } from "./undici.ts";

/** The receiver of the bytes that the tap diverts. */
export interface TapSink {
  /** The chunk's memory is not written to again. */
  push(chunk: Uint8Array): void;
  end(): void;
}

/**
 * Bytes of memory for heads, and for bodies whose reader brings none. Longer than any head that
 * undici takes (16 KiB).
 */
const ownSlab = 64 * 1024;
/** The rest of a slab is not used if it is shorter than this share: short reads are expensive. */
const leastShare = 16;

const endOfHead = Buffer.from("\r\n\r\n");
const plainRange = Buffer.from("HTTP/1.1 206 ");

/**
 * Stands between a new socket and undici, and lets the body of one response bypass undici: bytes
 * are read from the kernel straight into memory that is reused, while undici would need a new
 * buffer for every read.
 *
 * States. Head: bytes go on to undici, whose parser reads the head, up to its end. Held: the head
 * was a 206's; bytes stay here until undici has parsed it. Then either diverted: the body goes to a
 * sink, and undici gets only the connection's end. Or passed: all bytes go on to undici, as if
 * there were no tap.
 */
export class SocketTap {
  /** For the socket's constructor. */
  readonly onread = {
    buffer: (): Uint8Array => this.#room(),
    callback: (bytes: number): boolean => this.#came(bytes),
  };
  readonly #silenceMs: number;
  #socket: Socket | undefined;
  #state: "head" | "held" | "diverted" | "passed" = "head";
  #memory: Buffer = Buffer.alloc(0);
  /** Bytes of the memory that are filled. */
  #filled = 0;
  #held: Buffer[] = [];
  #nextSlab: NextSlab = () => new Uint8Array(ownSlab);
  #paused = false;
  #sink: TapSink | undefined;
  /** Bytes of the body still to come. */
  #left = 0;

  /** `silenceMs`: longest pause between two pieces of a diverted body. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** Before its first byte comes. */
  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on("timeout", () => this.#silent(socket));
  }

  /** A 206's body is held back. */
  get holds(): boolean {
    return this.#state === "held";
  }

  /** Passes the held body of this length to the sink, as soon as it is resumed. */
  divert(sink: TapSink, length: number): void {
    this.#state = "diverted";
    this.#sink = sink;
    this.#left = length;
    this.#paused = true;
    for (const chunk of this.#held.splice(0)) this.#toSink(chunk);
  }

  /** Passes the held bytes to undici, and all later ones. */
  pass(): void {
    this.#state = "passed";
    for (const chunk of this.#held.splice(0)) this.#socket?.push(chunk);
  }

  /** From now on, bytes are read into this memory. */
  useSlabs(nextSlab: NextSlab): void {
    this.#nextSlab = nextSlab;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket?.setTimeout(this.#silenceMs);
    // The socket's own buffer is empty: this only makes it continue to read.
    this.#socket?.read(0);
  }

  #room(): Uint8Array {
    if (this.#memory.length - this.#filled <= this.#memory.length / leastShare) {
      const { buffer, byteOffset, byteLength } = this.#nextSlab();
      this.#memory = Buffer.from(buffer, byteOffset, byteLength);
      this.#filled = 0;
    }
    return this.#memory.subarray(this.#filled);
  }

  /** False: reading from the socket stops for now. */
  #came(bytes: number): boolean {
    const chunk = this.#memory.subarray(this.#filled, this.#filled + bytes);
    this.#filled += bytes;
    switch (this.#state) {
      case "head":
        return this.#headCame(chunk);
      case "held":
        this.#held.push(chunk);
        return false;
      case "diverted":
        this.#toSink(chunk);
        return !this.#paused;
      case "passed":
        return this.#socket?.push(chunk) === true;
    }
  }

  #headCame(chunk: Buffer): boolean {
    const all = this.#memory.subarray(0, this.#filled);
    const before = all.length - chunk.length;
    const end = all.indexOf(endOfHead, Math.max(0, before - endOfHead.length + 1));
    const isPlain = all.subarray(0, plainRange.length).equals(plainRange);
    if (end !== -1 && isPlain) {
      const body = end + endOfHead.length;
      this.#state = "held";
      if (body < all.length) this.#held.push(all.subarray(body));
      this.#socket?.push(all.subarray(before, body));
      return false;
    }
    if (end !== -1) this.#state = "passed";
    return this.#socket?.push(chunk) === true;
  }

  #toSink(chunk: Buffer): void {
    // Bytes beyond the announced length are dropped.
    const mine = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    if (mine.length === 0) return;
    this.#left -= mine.length;
    this.#sink?.push(mine);
    if (this.#left === 0) this.#sink?.end();
  }

  #silent(socket: Socket): void {
    // No bytes come while we do not read.
    if (this.#paused) socket.setTimeout(this.#silenceMs);
    else socket.destroy(new errors.BodyTimeoutError());
  }
}
