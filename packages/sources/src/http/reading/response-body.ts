import { type Allocate, type NextSlab, SourceError } from "@brigade/core";
import { abortError } from "../faults/cancelled.ts";
import { ChunkQueue } from "./chunk-queue.ts";

/** Where a body comes from: the controller of undici or the fast path, or a tap. */
export interface BodyFeed {
  /** The memory of a chunk is used again as soon as `push` has returned. */
  readonly lends?: boolean;
  pause(): void;
  resume(): void;
  abort(error: Error): void;
  /** Absent: its chunks come in memory of their own. */
  useSlabs?(nextSlab: NextSlab): void;
}

/** Bytes that wait for a reader before the socket is paused. */
const highWater = 256 * 1024;
/**
 * A rest of at most this many bytes is read to its end rather than cut, which would cost the
 * connection.
 */
const worthDraining = 64 * 1024;
/** No buffer can be longer than this; such a body has to be read in chunks. */
const longestBuffer = 2 ** 32;

const fresh: Allocate = (size) => new Uint8Array(size);

function tooLong(length: number, most: number): SourceError {
  const why = most === longestBuffer ? "one piece can be" : `the ${most} that were expected`;
  return new SourceError("damaged", `${length} bytes are more than ${why}`);
}

/**
 * A response's body as it arrives. Waiting → read by `bytes` or `chunks`, or dropped by `cancel` →
 * ended or failed. `push`, `end` and `fail` are for the exchange that feeds it.
 */
export class ResponseBody {
  /** Content-Length. */
  readonly length: number | undefined;
  /**
   * Its end is recognisable, by a length or by a last chunk. Otherwise the end of the connection is
   * its end (it is close-delimited), and a cut looks the same.
   */
  readonly isDelimited: boolean;
  readonly #feed: BodyFeed;
  readonly #queue = new ChunkQueue();
  #most = Number.POSITIVE_INFINITY;
  #allocate: Allocate = fresh;
  #received = 0;
  #mode: "waiting" | "bytes" | "chunks" | "dropped" = "waiting";
  #state: "open" | "ended" | "failed" = "open";
  #error: Error | undefined;
  #whole: Uint8Array | undefined;
  #collected: PromiseWithResolvers<Uint8Array> | undefined;
  #wake: (() => void) | undefined;
  /** A limit on bytes demands that no more is read for now. */
  #isHeld = false;
  /** Its reader has enough for now. */
  #isFull = false;

  constructor(feed: BodyFeed, length: number | undefined, isDelimited: boolean) {
    this.#feed = feed;
    this.length = length;
    this.isDelimited = isDelimited;
  }

  push(chunk: Uint8Array): void {
    if (this.#mode === "dropped") return;
    const at = this.#received;
    this.#received += chunk.byteLength;
    if (this.#received > this.#most) {
      this.#refuse(tooLong(this.#received, this.#most));
      return;
    }
    if (this.#whole !== undefined) {
      this.#whole.set(chunk, at);
      return;
    }
    this.#queue.push(this.#feed.lends === true ? new Uint8Array(chunk) : chunk);
    if (this.#mode === "bytes") return;
    if (this.#queue.bytes >= highWater) this.#pause();
    this.#wake?.();
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#collected?.resolve(this.#assemble());
    this.#wake?.();
  }

  fail(error: Error): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#error = error;
    this.#queue.take();
    this.#whole = undefined;
    this.#collected?.reject(error);
    this.#wake?.();
  }

  /**
   * A body of more than `most` bytes has failed as `damaged`: no more than one read beyond them is
   * ever in memory. `undefined` if its length is not known.
   */
  limitTo(most: number | undefined): void {
    if (most === undefined) return;
    this.#most = most;
    if (this.#received > most) this.#refuse(tooLong(this.#received, most));
  }

  /** The whole body in one piece of memory. */
  bytes(allocate: Allocate = fresh): Promise<Uint8Array> {
    this.#claim("bytes");
    this.#most = Math.min(this.#most, longestBuffer);
    this.#allocate = allocate;
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#state === "ended") return Promise.resolve(this.#assemble());
    if (this.length !== undefined) {
      if (!(this.length <= this.#most)) {
        const error = tooLong(this.length, this.#most);
        this.#refuse(error);
        return Promise.reject(error);
      }
      this.#whole = this.#gather(this.length);
    }
    this.#collected = Promise.withResolvers();
    this.#resume();
    return this.#collected.promise;
  }

  async *chunks(nextSlab?: NextSlab): AsyncGenerator<Uint8Array, void, void> {
    this.#claim("chunks");
    if (nextSlab !== undefined) this.#feed.useSlabs?.(nextSlab);
    try {
      while (true) {
        if (this.#queue.bytes > 0) yield* this.#queue.take();
        else if (this.#error !== undefined) {
          throw this.#error;
        } else if (this.#state === "ended") {
          return;
        } else {
          await this.#more();
        }
      }
    } finally {
      this.cancel();
    }
  }

  /** Has no effect after the end. A short rest is read and dropped, to keep the connection. */
  cancel(): void {
    if (this.#state !== "open" || this.#mode === "dropped") return;
    this.#mode = "dropped";
    this.fail(abortError(new Error("the body was cancelled")));
    if (this.length !== undefined && this.length - this.#received <= worthDraining) this.#feed.resume();
    else this.#feed.abort(abortError(new Error("the body was cancelled")));
  }

  /** Whether all bytes that were announced have come. */
  get hasCome(): boolean {
    return this.length !== undefined && this.#received >= this.length;
  }

  /** No more is read until `release`. */
  hold(): void {
    if (this.#state !== "open" || this.#mode === "dropped") return;
    this.#isHeld = true;
    this.#feed.pause();
  }

  /** Ends `hold`. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (!this.#isFull && this.#state === "open") this.#feed.resume();
  }

  #pause(): void {
    this.#isFull = true;
    this.#feed.pause();
  }

  #resume(): void {
    this.#isFull = false;
    if (!this.#isHeld) this.#feed.resume();
  }

  #refuse(error: Error): void {
    this.#mode = "dropped";
    this.fail(error);
    this.#feed.abort(error);
  }

  #claim(mode: "bytes" | "chunks"): void {
    if (this.#mode !== "waiting" && this.#mode !== "dropped") throw new Error("the body was read already");
    if (this.#mode === "waiting") this.#mode = mode;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
      this.#resume();
    });
  }

  #assemble(): Uint8Array {
    const whole = this.#whole ?? this.#gather(this.#received);
    this.#whole = undefined;
    return whole;
  }

  #gather(length: number): Uint8Array {
    const whole = this.#allocate(length);
    let at = 0;
    for (const chunk of this.#queue.take()) {
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    return whole;
  }
}
