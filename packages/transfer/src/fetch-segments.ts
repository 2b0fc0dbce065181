import {
  type ByteRange,
  backoff,
  type Delayer,
  delay,
  FatalError,
  HostError,
  isTransient,
  type Log,
  longestRestOfTransfers,
  type ObjectBody,
  pausesOfTransfers,
  retriesAfter,
  SourceError,
} from "@brigade/core";
import { Checkpoints } from "./checkpoints.ts";
import { ConnectionLimit } from "./connection-limit.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Segment } from "./segment.ts";
import { Slabs } from "./slabs.ts";
import { TransferMeter } from "./transfer-meter.ts";
import { WorkList } from "./work-list.ts";
import { type SegmentFile, WriteBehind } from "./write-behind.ts";

export interface SegmentParts {
  /**
   * These bytes from the first on, as many as the body's size says, from a connection of their own;
   * a silent one ends with an error. Throws SourceError.
   */
  open(range: Required<ByteRange>, signal: AbortSignal): Promise<ObjectBody>;
  readonly file: SegmentFile;
  readonly log: Log;
  readonly meter?: TransferMeter | undefined;
  readonly delay?: Delayer | undefined;
  readonly random?: (() => number) | undefined;
  /** Milliseconds. */
  readonly now?: (() => number) | undefined;
}

export interface SegmentOptions {
  /** Bytes of the whole. */
  readonly length: number;
  /** Connections at once, at most. */
  readonly connections: number;
  /** Bytes; a segment is not cut into shorter ones. */
  readonly minSegment: number;
  /** Times that a segment is asked for again while none of its bytes comes. */
  readonly retries: number;
  /** Bytes a second, all connections together; absent: as fast as they come. */
  readonly rate?: number | undefined;
  /** Bytes of what is received at once, before it is written; where memory is short. */
  readonly memory?: number | undefined;
}

/** Short: bytes come in bursts, and those after the last saving wait for a tick. */
const tickEvery = 30;

/**
 * Brings what the file lacks, in segments over several connections at once, until all of it is
 * there and safe. A broken segment goes on where it broke; a connection without work takes half of
 * the largest segment. Whatever way it ends, what came is saved. Throws the SourceError that trying
 * again will not mend, FatalError when the tries are used up, HostError, and whatever else `open`
 * throws.
 */
export async function fetchSegments(
  parts: SegmentParts,
  options: SegmentOptions,
  signal: AbortSignal,
): Promise<void> {
  await new Transfer(parts, options, signal).run();
}

class Transfer {
  readonly #parts: SegmentParts;
  readonly #options: SegmentOptions;
  readonly #work: WorkList;
  readonly #limit: ConnectionLimit;
  readonly #rate: RateLimit | undefined;
  readonly #checkpoints: Checkpoints;
  readonly #meter: TransferMeter;
  readonly #slabs: Slabs;
  readonly #delay: Delayer;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();
  readonly #writers = new Set<WriteBehind>();
  readonly #ended = Promise.withResolvers<void>();
  /** The source asked for quiet until then. */
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: SegmentParts, options: SegmentOptions, signal: AbortSignal) {
    const { length, connections, minSegment, rate } = options;
    this.#parts = parts;
    this.#options = options;
    this.#delay = parts.delay ?? delay;
    this.#now = parts.now ?? (() => performance.now());
    this.#work = new WorkList(length, parts.file.finished, connections, minSegment);
    this.#limit = new ConnectionLimit(connections, this.#now);
    this.#rate = rate === undefined ? undefined : new RateLimit(rate, this.#now);
    this.#checkpoints = new Checkpoints(() => this.#save(), this.#ended.reject, this.#now);
    this.#slabs = new Slabs(connections, options.memory);
    this.#meter = parts.meter ?? new TransferMeter();
    this.#meter.connections = this.#work.active;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  async run(): Promise<void> {
    const ticking = setInterval(() => {
      this.#checkpoints.tick();
      this.#start();
    }, tickEvery);
    try {
      this.#start();
      await this.#ended.promise;
    } catch (error) {
      await this.#leave();
      await this.#checkpoints.last().catch((second: unknown) => {
        this.#parts.log.warn({ err: second }, "the last pieces could not be saved");
      });
      throw error;
    } finally {
      clearInterval(ticking);
    }
    await this.#checkpoints.last();
  }

  /** Gives every connection that we may have a segment, as long as there are some. */
  #start(): void {
    while (!this.#signal.aborted && this.#running.size < this.#limit.value) {
      const segment = this.#work.next(this.#now());
      if (segment === undefined) break;
      const running = this.#fetch(segment).then(
        () => {
          this.#running.delete(running);
          this.#start();
        },
        (error: unknown) => {
          this.#running.delete(running);
          this.#ended.reject(error);
        },
      );
      this.#running.add(running);
    }
    if (this.#running.size > 0) return;
    if (this.#signal.aborted) this.#ended.reject(this.#signal.reason);
    else this.#ended.resolve();
  }

  async #leave(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /**
   * Until the segment is whole, or given back because the source refuses as many connections.
   */
  async #fetch(segment: Segment): Promise<void> {
    for (;;) {
      const { at } = segment;
      try {
        await this.#waitForQuiet(segment);
        // Some servers send less than they are asked for, and say so.
        do await this.#receive(segment);
        while (segment.left > 0);
        this.#work.finish(segment);
        return;
      } catch (error) {
        if (this.#signal.aborted || !(error instanceof SourceError || isLimit(error))) throw error;
        if (segment.at > at) segment.attempts = 0;
        if (error instanceof SourceError) this.#heedRetryAfter(error);
        const served = this.#servedBeside(segment, error);
        if (served > 0) {
          this.#limit.lower(served);
          this.#parts.log.debug({ connections: served, reason: error.message }, "fewer connections");
          this.#work.giveBack(segment);
          return;
        }
        if (error instanceof HostError) throw error;
        await this.#waitToRetry(segment, error);
      }
    }
  }

  async #receive(segment: Segment): Promise<void> {
    segment.state = "opening";
    const body = await this.#parts.open({ from: segment.at, to: segment.to - 1 }, this.#signal);
    segment.state = "receiving";
    segment.begin(this.#now());
    const slabs = this.#slabs.lend();
    const from = segment.at;
    const writer = new WriteBehind(this.#parts.file, from, slabs);
    let announced = body.size ?? segment.left;
    this.#writers.add(writer);
    try {
      for await (const chunk of body.chunks(slabs.next)) {
        segment.heardAt = this.#now();
        announced -= chunk.byteLength;
        this.#meter.received += chunk.byteLength;
        // A helper may have taken the end.
        const mine = chunk.byteLength > segment.left ? chunk.subarray(0, segment.left) : chunk;
        segment.at += mine.byteLength;
        const full = writer.add(mine);
        this.#checkpoints.came(mine.byteLength);
        if (full !== undefined) await full;
        const pause = this.#rate?.spend(chunk.byteLength) ?? 0;
        if (pause > 0) await this.#delay(pause, this.#signal);
        if (segment.left === 0) break;
      }
    } finally {
      await writer.flush();
      this.#writers.delete(writer);
      slabs.end();
    }
    if (segment.left > 0 && (announced > 0 || segment.at === from))
      throw new SourceError("damaged", `the body ended ${segment.left} bytes early`);
  }

  /**
   * How many other connections the source serves, where the error means that this one is too many;
   * otherwise 0. A status says so clearly; a connection that cannot be made says it the second
   * time, when bytes came over others since the first.
   */
  #servedBeside(segment: Segment, error: SourceError | HostError): number {
    const { failedAt } = segment;
    segment.failedAt = this.#now();
    const others = [...this.#work.active].filter((other) => other !== segment && other.state !== "waiting");
    if (error instanceof HostError) return segment.state === "opening" ? others.length : 0;
    if (isRefusal(error)) return others.length;
    if (segment.state !== "opening" || segment.attempts === 0) return 0;
    return others.filter(({ heardAt }) => heardAt >= failedAt).length;
  }

  #heedRetryAfter(error: SourceError): void {
    if (error.retryAfterMs === undefined) return;
    if (error.retryAfterMs > longestRestOfTransfers) {
      const minutes = Math.ceil(error.retryAfterMs / 60_000);
      throw new FatalError(`${error.message}: to be asked again in ${minutes} minutes only`, {
        cause: error,
      });
    }
    this.#quietUntil = Math.max(this.#quietUntil, this.#now() + error.retryAfterMs);
    this.#limit.lower(Math.ceil(this.#limit.value / 2));
  }

  async #waitForQuiet(segment: Segment): Promise<void> {
    segment.state = "waiting";
    for (let left = this.#quietLeft(); left > 0; left = this.#quietLeft())
      await this.#delay(left, this.#signal);
  }

  #quietLeft(): number {
    return this.#quietUntil - this.#now();
  }

  async #waitToRetry(segment: Segment, error: SourceError): Promise<void> {
    if (!this.#mayPass(error)) throw error;
    if (segment.attempts >= retriesAfter(error, this.#options.retries)) {
      if (error.kind === "forbidden") throw error;
      const tries = `tried ${segment.attempts + 1} times from byte ${segment.at} on`;
      throw new FatalError(`${error.message} (${tries})`, { cause: error });
    }
    const pause = backoff(segment.attempts, pausesOfTransfers, this.#parts.random);
    segment.attempts += 1;
    segment.state = "waiting";
    this.#parts.log.debug({ from: segment.at, to: segment.to, reason: error.message }, "asking again");
    await this.#delay(pause, this.#signal);
  }

  /**
   * A refusal may pass too, where bytes came before: the source may not have noticed yet that our
   * others are gone.
   */
  #mayPass(error: SourceError): boolean {
    if (isRefusal(error)) return error.kind !== "forbidden" || this.#meter.received > 0;
    return isTransient(error);
  }

  async #save(): Promise<void> {
    await Promise.all([...this.#writers].map((writer) => writer.writeQueued()));
    await this.#parts.file.sync();
  }
}

/** This process may have no more connections than it has. */
function isLimit(error: unknown): error is HostError {
  return error instanceof HostError && error.kind === "limits";
}

/** Statuses that servers give to one connection too many. */
function isRefusal({ kind, status }: SourceError): boolean {
  return kind === "forbidden" || kind === "throttled" || status === 503;
}
