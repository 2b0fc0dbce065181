import {
  type Delayer,
  FatalError,
  isMd5,
  type Job,
  type Log,
  type NewObject,
  type ObjectBody,
  type ObjectEntry,
  type Part,
  type Reservation,
  type Restraint,
  type Source,
  SourceError,
  type StoredObject,
  type Volume,
} from "@brigade/core";
import { fetchSegments, TransferMeter } from "@brigade/transfer";
import { ByteBudget } from "../memory/byte-budget.ts";
import { asListed, type DatedEntry } from "./new-object.ts";
import type { StoreWord } from "./store-word.ts";

export interface LargeOptions {
  /** Bytes from which on an object is large. */
  readonly from: number;
  /** Connections per object, at most. */
  readonly connections: number;
  /** Large objects at once. */
  readonly atOnce: number;
  /** Bytes per object that are received and not written yet. */
  readonly memory: number;
}

export interface LargeParts {
  readonly source: Source;
  readonly storeWord: StoreWord;
  readonly log: Log;
  readonly delay: Delayer;
  readonly restraint: Restraint;
}

/** An object whose size is known. */
export type SizedEntry = ObjectEntry & { readonly size: number };

/** What the headers have about the object that comes. */
type State = Pick<ObjectBody, "validator" | "modified" | "objectMd5">;

/**
 * Times that a segment is asked for again while none of its bytes comes. If that is not enough, the
 * object is tried later.
 */
const retries = 2;
/** Bytes of the shortest segment, at most. */
const longestLeast = 8 * 1024 * 1024;
/**
 * An object is fetched in one stream after this many disagreements over which bytes are its bytes,
 * or faults at its first range.
 */
const mostDoubts = 2;
/** Objects whose doubts are kept, at most. */
const remembered = 1000;

/**
 * Brings large objects in segments, over several connections at once and across restarts. All
 * segments are of one state of the object. If the source sends no ranges, the object is left to be
 * fetched in one stream.
 */
export class LargeObjects {
  readonly #parts: LargeParts;
  readonly #options: LargeOptions;
  /** One byte per object. */
  readonly #atOnce: ByteBudget;
  readonly #doubts = new Map<string, number>();

  constructor(parts: LargeParts, options: LargeOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#atOnce = new ByteBudget(options.atOnce);
  }

  /** Whether it is fetched in segments. */
  isLarge(entry: ObjectEntry): entry is SizedEntry {
    const { variant } = this.#parts.source;
    return (entry.size ?? 0) >= this.#options.from && variant === undefined;
  }

  /**
   * Resolves with `undefined` if it is to be fetched in one stream. Throws SourceError, HostError,
   * NameError.
   */
  async bring(
    job: Job,
    entry: SizedEntry,
    reservation: Reservation,
    signal: AbortSignal,
  ): Promise<{ readonly entry: DatedEntry; readonly stored: StoredObject } | undefined> {
    const { restraint } = this.#parts;
    this.#atOnce.resize(restraint.of(this.#options.atOnce));
    const place = await this.#atOnce.acquire(1);
    try {
      signal.throwIfAborted();
      if ((this.#doubts.get(entry.key) ?? 0) >= mostDoubts) return undefined;
      const state = await this.#look(job, entry, reservation.volume, signal);
      if (state === undefined) return undefined;
      const { modified } = state;
      const { size } = entry;
      const body = { size, modified, variant: false };
      const dated = { ...(await this.#parts.storeWord.dated(entry, body, signal)), size };
      const expectedMd5 = state.objectMd5 ?? (await this.#md5InStore(dated, signal));
      const object = { ...asListed(job, dated), expectedSize: size, expectedMd5 };
      const stored = await this.#transfer(object, dated, state, reservation, signal);
      this.#doubts.delete(entry.key);
      return stored && { entry: dated, stored };
    } finally {
      place.give();
    }
  }

  /**
   * Asks for one byte: whether ranges come, and of which state. Resolves with `undefined` if none
   * come.
   */
  async #look(job: Job, entry: ObjectEntry, volume: Volume, signal: AbortSignal): Promise<State | undefined> {
    try {
      const body = await this.#parts.source.open(entry, { from: 0, to: 0 }, signal);
      const { validator, modified, objectMd5 } = body;
      await body.bytes();
      if (validator !== undefined) return { validator, modified, objectMd5 };
      this.#parts.log.info({ key: entry.key }, "nothing distinguishes its states: one stream");
      return undefined;
    } catch (error) {
      if (!refusesRanges(error) && !this.#failsAgain(error, entry)) throw error;
      // A source that sent ranges of it before can send them again: connections that broke may
      // still count.
      if (error.kind !== "damaged" && (await volume.begun(asListed(job, entry))) > 0) throw error;
      this.#noteOneStream(entry, error);
      return undefined;
    }
  }

  async #md5InStore(entry: ObjectEntry, signal: AbortSignal): Promise<string | undefined> {
    const now = await this.#parts.source.stat(entry.key, signal);
    if (now === undefined || now.size !== entry.size) return undefined;
    // A list has no dates.
    if (now.modified !== undefined && now.modified !== entry.modified) return undefined;
    return isMd5(now.etag) ? now.etag : undefined;
  }

  async #transfer(
    object: NewObject,
    entry: SizedEntry,
    state: State,
    { volume, spend }: Reservation,
    signal: AbortSignal,
  ): Promise<StoredObject | undefined> {
    const { log, delay, restraint } = this.#parts;
    const { from, connections, memory } = this.#options;
    await using part = await volume.part(object, state.validator);
    if (part === undefined) {
      log.info({ key: entry.key }, "another process has its part: it is fetched in one stream");
      return undefined;
    }
    spend(part.reserved);
    this.#noteBeginning(entry, part);
    const meter = new TransferMeter();
    try {
      await fetchSegments(
        { open: (range, inner) => this.#open(entry, range, state, inner), file: part, log, delay, meter },
        {
          length: entry.size,
          connections: restraint.of(connections),
          minSegment: Math.min(longestLeast, Math.ceil(from / 8)),
          retries,
          memory,
        },
        signal,
      );
    } catch (error) {
      const nothingCame = meter.received === 0 && part.finished.length === 0;
      const reason = await this.#reasonOf(error, entry, part);
      if (!nothingCame || error instanceof Disagreement || !refusesRanges(reason)) throw reason;
      await part.discard();
      this.#noteOneStream(entry, reason);
      return undefined;
    }
    return await part.finish(signal);
  }

  async #open(
    entry: ObjectEntry,
    range: { from: number; to: number },
    state: State,
    signal: AbortSignal,
  ): Promise<ObjectBody> {
    const body = await this.#parts.source.open(entry, range, signal);
    if (body.validator === state.validator && body.modified === state.modified) return body;
    body.cancel();
    throw new Disagreement(`${entry.key}: bytes of another state came`);
  }

  /** As the error that the rest of the downloader expects: nothing is tried again here. */
  async #reasonOf(error: unknown, { key }: ObjectEntry, part: Part): Promise<unknown> {
    if (error instanceof Disagreement) {
      this.#doubt(key);
      this.#parts.log.info({ key }, "a large object was overwritten while it was fetched: it is begun anew");
      await part.discard();
      return new SourceError("damaged", error.message, { cause: error });
    }
    const reason = error instanceof FatalError && error.cause instanceof SourceError ? error.cause : error;
    if (reason instanceof SourceError && reason.kind === "missing") await part.discard();
    return reason;
  }

  /** A server's own fault may pass, and it may be how this server answers every range. */
  #failsAgain(error: unknown, { key }: ObjectEntry): error is SourceError {
    if (!(error instanceof SourceError) || error.kind !== "unavailable") return false;
    return (error.status ?? 0) >= 500 && error.scope === "object" && this.#doubt(key) >= mostDoubts;
  }

  /** How many there are now. */
  #doubt(key: string): number {
    const doubts = (this.#doubts.get(key) ?? 0) + 1;
    if (this.#doubts.size >= remembered) this.#doubts.clear();
    this.#doubts.set(key, doubts);
    return doubts;
  }

  #noteBeginning({ key }: ObjectEntry, { finished, startedOver }: Part): void {
    const bytes = finished.reduce((sum, { from, to }) => sum + to - from, 0);
    if (startedOver !== undefined)
      this.#parts.log.info({ key, reason: startedOver }, "a large object is begun anew");
    else if (bytes > 0) this.#parts.log.info({ key, bytes }, "going on with a large object");
  }

  #noteOneStream({ key }: ObjectEntry, { message }: SourceError): void {
    this.#parts.log.info(
      { key, reason: message },
      "the source sends no ranges of it: it is fetched in one stream",
    );
  }
}

/** Pieces that do not belong together. */
class Disagreement extends Error {
  override readonly name = "Disagreement";
}

/**
 * Where it comes with the first range: without ranges it may be served, and only then is a 404 an
 * answer about the object.
 */
function refusesRanges(error: unknown): error is SourceError {
  if (!(error instanceof SourceError)) return false;
  return (
    error.kind === "damaged" ||
    error.kind === "missing" ||
    error.kind === "forbidden" ||
    (error.kind === "throttled" && error.scope === "object")
  );
}
