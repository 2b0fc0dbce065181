import type {
  Delayer,
  FailureClass,
  Job,
  Log,
  ObjectBody,
  ObjectEntry,
  Placement,
  Reservation,
  Source,
  StoredObject,
  Volume,
  WantedObject,
} from "@brigade/core";
import { backoff, classify, failureClass, HostError, pausesOfObjects, SourceError } from "@brigade/core";
import type { ObjectHealth } from "../health/object-health.ts";
import type { BodyMemory } from "../memory/body-memory.ts";
import type { Share } from "../memory/byte-budget.ts";
import type { LargeObjects, SizedEntry } from "./large-objects.ts";
import { lookAgain, reasonOf } from "./second-look.ts";
import { type DatedEntry, expectation, presumedSize, smallBody, store } from "./store.ts";
import type { StoreWord } from "./store-word.ts";

/** What came of one object. `again`: try later; `counted` when the failure was the object's own. */
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
}

/** Tries in process, the first included; what still fails goes back to the broker. */
const tries = 3;
/** Milliseconds: a source that asks for a longer wait gets it through the broker. */
const longestPause = 2_000;

/** Bytes of an object that are in memory at once. */
export function bytesInMemory({ size = presumedSize }: { readonly size?: number | undefined }): number {
  return Math.min(size, smallBody);
}

/** Fetches one object onto the volume where it has room; `share`: of the memory, for the first try. Rejects only for bugs. */
export async function fetchObject(
  parts: FetchParts,
  job: Job,
  listed: ObjectEntry,
  reservation: Reservation,
  share: Share,
  signal: AbortSignal,
): Promise<Fetched> {
  let entry: WantedObject = listed;
  let held: Share | undefined = share;
  for (let attempt = 1; ; attempt++) {
    const begunAt = parts.health.begin();
    let error: unknown;
    try {
      parts.health.assertNotRefused(entry);
      held ??= await parts.memory.take(reservation.volume, bytesInMemory(entry));
      const fetched = await fetchOnce(parts, job, entry, reservation, { share: held, begunAt }, signal);
      return entry === listed && !listed.unproven ? fetched : accounted(fetched, listed);
    } catch (thrown) {
      error = thrown;
    }
    held?.give();
    held = undefined;
    if (signal.aborted)
      return { kind: "again", counted: false, waitMs: 0, reason: "interrupted", class: "other" };
    try {
      const look = await lookAgain(parts.storeWord, entry, error, signal);
      if (look === "gone") {
        parts.health.answered(begunAt, entry, { isGone: true });
        return { kind: "vanished" };
      }
      entry = look?.wanted ?? entry;
      if (look?.atOnce) {
        attempt--;
        continue;
      }
    } catch (thrown) {
      error = thrown;
    }
    const settled = await settle(parts, reservation.volume, entry, error, begunAt);
    if (settled.kind !== "again" || attempt >= tries || settled.waitMs > longestPause) return settled;
    if (parts.health.isPaused || classify(error).fault === "host") return settled;
    // Refused as too fast again and again, while others come: that is enough for this time.
    if (settled.counted && settled.class === "throttled") return settled;
    try {
      await parts.delay(Math.max(settled.waitMs, backoff(attempt - 1, pausesOfObjects)), signal);
    } catch {
      return { ...settled, counted: false };
    }
  }
}

/**
 * A listing that tells a size which never was the object's (its date is the same) will tell it again: the object is accounted
 * for with it, so that it counts as unchanged then.
 */
function accounted(fetched: Fetched, listed: ObjectEntry): Fetched {
  if (fetched.kind !== "stored") return fetched;
  const { entry } = fetched;
  const isOfListedDate = listed.modified === undefined || listed.modified === entry.modified;
  return isOfListedDate ? { ...fetched, entry: { ...entry, size: listed.size } } : fetched;
}

async function fetchOnce(
  { source, health, storeWord, memory, large }: FetchParts,
  job: Job,
  wanted: WantedObject,
  reservation: Reservation,
  { share, begunAt }: { readonly share: Share; readonly begunAt: number },
  signal: AbortSignal,
): Promise<Fetched> {
  let held = share;
  const entry = wanted.unproven ? { ...wanted, size: undefined } : wanted;
  /** Nothing: in one stream, then. It is accounted for with the size that was listed, if any. */
  const inSegments = async (sized: SizedEntry): Promise<Fetched | undefined> => {
    held.give();
    const brought = await large.bring(job, sized, reservation, signal);
    if (brought === undefined) {
      held = await memory.take(reservation.volume, bytesInMemory(entry));
      return undefined;
    }
    health.answered(begunAt, brought.entry);
    return { kind: "stored", entry: { ...brought.entry, size: entry.size }, stored: brought.stored };
  };
  try {
    const brought = large.takes(entry) ? await inSegments(entry) : undefined;
    if (brought !== undefined) return brought;
    const hearsay = wanted.unproven ? wanted.size : undefined;
    let body = await source.open(entry, undefined, signal);
    if (isDoubtful(storeWord, entry, hearsay, body))
      body = await openAgain(source, storeWord, { entry, hearsay, body }, signal);
    const asSent = { ...entry, size: entry.size ?? body.size };
    if (entry.size === undefined && large.takes(asSent)) {
      body.cancel();
      const fetched = await inSegments(asSent);
      if (fetched !== undefined) return fetched;
      body = await source.open(entry, undefined, signal);
    }
    const dated = await datedEntry(storeWord, entry, body, signal);
    const stored = await store(expectation(source, job, dated, body), body, reservation.volume, () => {
      held.give();
      health.arrived(dated);
    });
    health.answered(begunAt, dated);
    return { kind: "stored", entry: dated, stored };
  } finally {
    held.give();
  }
}

/** Whether a cache may have kept this body, or it contradicts a HEAD that told `hearsay`. */
function isDoubtful(
  storeWord: StoreWord,
  { fresh }: WantedObject,
  hearsay: number | undefined,
  body: ObjectBody,
): boolean {
  return isContradiction(hearsay, body) || (!fresh && storeWord.doubts(body));
}

function isContradiction(hearsay: number | undefined, { size }: ObjectBody): boolean {
  return hearsay !== undefined && size !== undefined && size !== hearsay;
}

/** Asks once more, past the caches: two of the three answers count. */
async function openAgain(
  source: Source,
  storeWord: StoreWord,
  { entry, hearsay, body }: { entry: WantedObject; hearsay: number | undefined; body: ObjectBody },
  signal: AbortSignal,
): Promise<ObjectBody> {
  body.cancel();
  const again = await source.open({ ...entry, fresh: true }, undefined, signal);
  storeWord.settled(again);
  if (!isContradiction(hearsay, body) || again.size === hearsay || again.size === body.size) return again;
  again.cancel();
  throw new SourceError("damaged", `${body.size} bytes came, then ${again.size}, where HEAD told ${hearsay}`);
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

/** Whose fault it was, and what follows. */
async function settle(
  { health, hostFailed }: FetchParts,
  volume: Volume,
  object: WantedObject,
  error: unknown,
  begunAt: number,
): Promise<Fetched> {
  const reason = error instanceof Error ? reasonOf(error, object) : String(error);
  const again = { kind: "again", counted: false, waitMs: 0, reason, class: failureClass(error) } as const;
  if (error instanceof SourceError) {
    const isOwn = await health.isOwn(object, error, begunAt);
    if (isOwn && isFinal(error)) return { kind: "failed", reason, class: failureClass(error) };
    return { ...again, counted: isOwn, waitMs: error.retryAfterMs ?? 0 };
  }
  const { fault } = classify(error);
  switch (fault) {
    case "object":
      return { kind: "failed", reason, class: failureClass(error) };
    case "host":
      if (error instanceof HostError) hostFailed(volume, error, object.size);
      return { ...again, waitMs: 1_000 };
    case "cancelled":
      return again;
    case "source":
    case "message":
    case "bug":
      throw error;
  }
}

/** Of what is the object's own fault: a refusal stays one, and so does a 404 that the store itself does not confirm. */
function isFinal(error: SourceError): boolean {
  switch (error.kind) {
    case "missing":
    case "forbidden":
    case "unauthorized":
    case "misconfigured":
      return true;
    default:
      return false;
  }
}
