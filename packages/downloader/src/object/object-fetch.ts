import {
  backoff,
  classify,
  type Delayer,
  type DirectFetch,
  type FailureClass,
  failureClass,
  HostError,
  isLastingRefusal,
  type Job,
  type Log,
  type ObjectBody,
  type ObjectEntry,
  type Placement,
  pausesOfObjects,
  type Reservation,
  type Source,
  SourceError,
  type StoredObject,
  type WantedObject,
} from "@brigade/core";
import type { ObjectHealth } from "../health/object-health.ts";
import type { BodyMemory } from "../memory/body-memory.ts";
import { bytesInMemory } from "../memory/body-size.ts";
import type { Share } from "../memory/byte-budget.ts";
import type { LargeObjects, SizedEntry } from "./large-objects.ts";
import { type DatedEntry, expectation } from "./new-object.ts";
import { lookAgain, reasonOf } from "./second-look.ts";
import { store } from "./store.ts";
import type { StoreWord } from "./store-word.ts";

/** What came of one object. `again`: try later; `counted` if the failure was the object's own. */
export type Fetched =
  | { readonly kind: "stored"; readonly entry: ObjectEntry; readonly stored: StoredObject }
  | { readonly kind: "vanished" }
  | { readonly kind: "failed"; readonly reason: string; readonly class: FailureClass }
  | {
      readonly kind: "again";
      readonly counted: boolean;
      readonly waitMs: number;
      readonly reason: string;
      readonly class: FailureClass;
    };

export interface FetchParts {
  readonly source: Source;
  readonly storeWord: StoreWord;
  readonly health: ObjectHealth;
  readonly memory: BodyMemory;
  readonly large: LargeObjects;
  readonly log: Log;
  readonly delay: Delayer;
  /** A fault of this machine, met on the way to this volume. */
  readonly hostFailed: Placement["failed"];
  /** The short way for objects that come as they were listed; absent if there is none. */
  readonly direct?: DirectFetch | undefined;
}

/** What objects are fetched for. */
export interface Purpose {
  readonly job: Job;
  /** Room on the volume that they are stored on. */
  readonly reservation: Reservation;
  readonly signal: AbortSignal;
}

/** Tries in this process, the first included. What still fails goes back to the broker. */
const tries = 3;
/** Milliseconds: a longer wait that a source demands is spent in the broker. */
const longestPause = 2_000;

const interrupted: Fetched = {
  kind: "again",
  counted: false,
  waitMs: 0,
  reason: "interrupted",
  class: "other",
};

/** Fetches one object onto a volume. For one use. */
export class ObjectFetch {
  readonly #parts: FetchParts;
  readonly #purpose: Purpose;
  readonly #listed: ObjectEntry;
  /** As it is asked for now. */
  #wanted: WantedObject;
  /** Its share of the memory for bodies, while it has one. */
  #share: Share | undefined;
  /** How the first try ended that the short way made. */
  #firstError: Error | undefined;

  /**
   * `share`: of the memory, for the first try. `firstError`: it was made in the short way, and ended
   * with this.
   */
  constructor(
    parts: FetchParts,
    purpose: Purpose,
    listed: ObjectEntry,
    share: Share,
    firstError?: Error | undefined,
  ) {
    this.#firstError = firstError;
    this.#parts = parts;
    this.#purpose = purpose;
    this.#listed = listed;
    this.#wanted = listed;
    this.#share = share;
  }

  /** Rejects only for bugs. */
  async run(): Promise<Fetched> {
    const { health, memory, storeWord, delay } = this.#parts;
    const { reservation, signal } = this.#purpose;
    for (let attempt = 1; ; attempt++) {
      const begunAt = health.begin();
      let error: unknown;
      try {
        this.#throwFirstError();
        health.assertNotRefused(this.#wanted);
        this.#share ??= await memory.acquire(reservation.volume, bytesInMemory(this.#wanted));
        return this.#asAccounted(await this.#fetch(begunAt));
      } catch (thrown) {
        error = thrown;
      } finally {
        this.#giveShare();
      }
      if (signal.aborted) return interrupted;
      try {
        const look = await lookAgain(storeWord, this.#wanted, error, signal);
        if (look === "gone") {
          health.answered(begunAt, this.#wanted, { isGone: true });
          return { kind: "vanished" };
        }
        this.#wanted = look?.wanted ?? this.#wanted;
        if (look?.atOnce) {
          attempt--;
          continue;
        }
      } catch (thrown) {
        error = thrown;
      }
      const outcome = await this.#afterFailure(error, begunAt);
      if (outcome.kind !== "again" || attempt >= tries || outcome.waitMs > longestPause) return outcome;
      if (health.isPaused || classify(error).fault === "host") return outcome;
      // It was refused as too fast again and again, while others came: no more tries for now.
      if (outcome.counted && outcome.class === "throttled") return outcome;
      try {
        await delay(Math.max(outcome.waitMs, backoff(attempt - 1, pausesOfObjects)), signal);
      } catch {
        return { ...outcome, counted: false };
      }
    }
  }

  #throwFirstError(): void {
    const error = this.#firstError;
    this.#firstError = undefined;
    if (error !== undefined) throw error;
  }

  async #fetch(begunAt: number): Promise<Fetched> {
    const { source, health, storeWord, large } = this.#parts;
    const { job, reservation, signal } = this.#purpose;
    const wanted = this.#wanted;
    const entry = wanted.unproven ? { ...wanted, size: undefined } : wanted;
    const brought = large.isLarge(entry) ? await this.#inSegments(entry, entry, begunAt) : undefined;
    if (brought !== undefined) return brought;
    const hearsay = wanted.unproven ? wanted.size : undefined;
    let body = await source.open(entry, undefined, signal);
    if (isContradiction(hearsay, body) || (!entry.fresh && storeWord.doubts(body)))
      body = await this.#openAgain(entry, hearsay, body);
    const asSent = { ...entry, size: entry.size ?? body.size };
    if (entry.size === undefined && large.isLarge(asSent)) {
      body.cancel();
      const fetched = await this.#inSegments(entry, asSent, begunAt);
      if (fetched !== undefined) return fetched;
      body = await source.open(entry, undefined, signal);
    }
    const dated = await datedEntry(storeWord, entry, body, signal);
    const stored = await store(expectation(source, job, dated, body), body, reservation.volume, () => {
      this.#giveShare();
      health.arrived(dated);
    });
    health.answered(begunAt, dated);
    return { kind: "stored", entry: dated, stored };
  }

  /**
   * Resolves with `undefined` if it is to be fetched in one stream. It is accounted for with the
   * size of `entry`.
   */
  async #inSegments(entry: WantedObject, sized: SizedEntry, begunAt: number): Promise<Fetched | undefined> {
    const { health, memory, large } = this.#parts;
    const { job, reservation, signal } = this.#purpose;
    this.#giveShare();
    const brought = await large.bring(job, sized, reservation, signal);
    if (brought === undefined) {
      this.#share = await memory.acquire(reservation.volume, bytesInMemory(entry));
      return undefined;
    }
    health.answered(begunAt, brought.entry);
    return { kind: "stored", entry: { ...brought.entry, size: entry.size }, stored: brought.stored };
  }

  /**
   * Asks once more, past the caches: one may have kept this body, or the body contradicts a HEAD
   * that had `hearsay`.
   */
  async #openAgain(entry: WantedObject, hearsay: number | undefined, body: ObjectBody): Promise<ObjectBody> {
    const { source, storeWord } = this.#parts;
    body.cancel();
    const again = await source.open({ ...entry, fresh: true }, undefined, this.#purpose.signal);
    storeWord.cameAgain(again);
    // Two of the three answers count.
    if (!isContradiction(hearsay, body) || again.size === hearsay || again.size === body.size) return again;
    again.cancel();
    throw new SourceError(
      "damaged",
      `${body.size} bytes came, then ${again.size}, where HEAD had ${hearsay}`,
    );
  }

  /** Whose fault it was, and what follows. */
  async #afterFailure(error: unknown, begunAt: number): Promise<Fetched> {
    const { health, hostFailed } = this.#parts;
    const wanted = this.#wanted;
    const reason = error instanceof Error ? reasonOf(error, wanted) : String(error);
    const kind = failureClass(error);
    const again = { kind: "again", counted: false, waitMs: 0, reason, class: kind } as const;
    if (error instanceof SourceError) {
      const isOwn = await health.isOwn(wanted, error, begunAt);
      if (isOwn && isFinal(error)) return { kind: "failed", reason, class: kind };
      return { ...again, counted: isOwn, waitMs: error.retryAfterMs ?? 0 };
    }
    const { fault } = classify(error);
    switch (fault) {
      case "object":
        return { kind: "failed", reason, class: kind };
      case "host":
        if (error instanceof HostError) hostFailed(this.#purpose.reservation.volume, error, wanted.size);
        return { ...again, waitMs: 1_000 };
      case "cancelled":
        return again;
      case "source":
      case "message":
      case "bug":
        throw error;
    }
  }

  /**
   * A listing with a size which never was the object's (its date is the same) will have it
   * again: the object is accounted for with it, so that it counts as unchanged then.
   */
  #asAccounted(fetched: Fetched): Fetched {
    const listed = this.#listed;
    const isAsListed = this.#wanted === listed && !listed.unproven;
    if (isAsListed || fetched.kind !== "stored") return fetched;
    const { entry } = fetched;
    const isOfListedDate = listed.modified === undefined || listed.modified === entry.modified;
    return isOfListedDate ? { ...fetched, entry: { ...entry, size: listed.size } } : fetched;
  }

  /** Another object may be begun in its place. */
  #giveShare(): void {
    this.#share?.give();
    this.#share = undefined;
  }
}

function isContradiction(hearsay: number | undefined, { size }: ObjectBody): boolean {
  return hearsay !== undefined && size !== undefined && size !== hearsay;
}

async function datedEntry(
  storeWord: StoreWord,
  entry: ObjectEntry,
  body: ObjectBody,
  signal: AbortSignal,
): Promise<DatedEntry> {
  try {
    return await storeWord.dated(entry, body, signal);
  } catch (error) {
    body.cancel();
    throw error;
  }
}

/**
 * Of what is the object's own fault: a refusal stays one, and so does a 404 that the store itself
 * does not confirm.
 */
function isFinal(error: SourceError): boolean {
  return error.kind === "missing" || isLastingRefusal(error);
}
