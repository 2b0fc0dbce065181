import type {
  Breaker,
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
} from "@brigade/core";
import {
  backoff,
  classify,
  FatalError,
  failureClass,
  HostError,
  NameError,
  SourceError,
} from "@brigade/core";
import type { ByteBudget, Share } from "./byte-budget.ts";
import type { LargeObjects, SizedEntry } from "./large-objects.ts";
import type { Probe } from "./probe.ts";
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
  readonly breaker: Breaker;
  readonly probe: Probe;
  readonly budget: ByteBudget;
  readonly large: LargeObjects;
  readonly log: Log;
  readonly delay: Delayer;
  readonly now: () => number;
  readonly placement: Pick<Placement, "failed">;
  readonly onMisconfigured: (error: FatalError) => void;
}

/** Tries in process, the first included; what still fails goes back to the broker. */
const tries = 3;
/** Milliseconds: a source that asks for a longer wait gets it through the broker. */
const longestPause = 2_000;

/** Bytes of an object that are in memory at once. */
export function bytesInMemory({ size = presumedSize }: { readonly size?: number | undefined }): number {
  return Math.min(size, smallBody);
}

/** Fetches one object onto the volume where it has room; `share`: of the budget, for the first try. Rejects only for bugs. */
export async function fetchObject(
  parts: FetchParts,
  job: Job,
  listed: ObjectEntry,
  reservation: Reservation,
  share: Share,
  signal: AbortSignal,
): Promise<Fetched> {
  let entry = listed;
  let held: Share | undefined = share;
  let asked = false;
  for (let attempt = 1; ; attempt++) {
    const since = parts.now();
    let error: unknown;
    try {
      held ??= await parts.budget.take(bytesInMemory(entry));
      return await fetchOnce(parts, job, entry, reservation, held, signal);
    } catch (thrown) {
      error = thrown;
    }
    held = undefined;
    if (signal.aborted)
      return { kind: "again", counted: false, waitMs: 0, reason: "interrupted", class: "other" };
    try {
      if (needsStoreWord(error) && !asked) {
        asked = true;
        const now = await parts.storeWord.newer(entry, signal);
        if (now === "gone") {
          parts.breaker.succeeded();
          return { kind: "vanished" };
        }
        if (now !== undefined) {
          entry = now;
          attempt--;
          continue;
        }
      }
    } catch (thrown) {
      error = thrown;
    }
    const settled = await settle(parts, reservation.volume, error, since);
    if (settled.kind !== "again" || attempt >= tries || settled.waitMs > longestPause) return settled;
    if (parts.breaker.isOpen || classify(error).fault === "host") return settled;
    try {
      await parts.delay(Math.max(settled.waitMs, backoff(attempt - 1, { first: 100, most: 1_000 })), signal);
    } catch {
      return { ...settled, counted: false };
    }
  }
}

async function fetchOnce(
  { source, breaker, probe, storeWord, budget, large }: FetchParts,
  job: Job,
  entry: ObjectEntry,
  reservation: Reservation,
  share: Share,
  signal: AbortSignal,
): Promise<Fetched> {
  let held = share;
  /** Nothing: in one stream, then. It is accounted for with the size that was listed, if any. */
  const inSegments = async (sized: SizedEntry): Promise<Fetched | undefined> => {
    held.give();
    const brought = await large.bring(job, sized, reservation, signal);
    if (brought === undefined) {
      held = await budget.take(bytesInMemory(entry));
      return undefined;
    }
    breaker.succeeded();
    probe.good(brought.entry);
    return { kind: "stored", entry: { ...brought.entry, size: entry.size }, stored: brought.stored };
  };
  try {
    probe.tried(entry);
    const brought = large.takes(entry) ? await inSegments(entry) : undefined;
    if (brought !== undefined) return brought;
    let body = await source.open(entry, undefined, signal);
    const asSent = { ...entry, size: entry.size ?? body.size };
    if (entry.size === undefined && large.takes(asSent)) {
      body.cancel();
      const fetched = await inSegments(asSent);
      if (fetched !== undefined) return fetched;
      body = await source.open(entry, undefined, signal);
    }
    const dated = await datedEntry(storeWord, entry, body, signal);
    const stored = await store(expectation(source, job, dated, body), body, reservation.volume, held.give);
    breaker.succeeded();
    probe.good(dated);
    return { kind: "stored", entry: dated, stored };
  } finally {
    held.give();
  }
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

/** Bytes that are not what was listed, or a 404 that may be a cache's: the store decides. */
function needsStoreWord(error: unknown): boolean {
  return error instanceof SourceError && (error.kind === "damaged" || error.kind === "missing");
}

/** Whose fault it was, and what follows. */
async function settle(parts: FetchParts, volume: Volume, error: unknown, since: number): Promise<Fetched> {
  const { breaker } = parts;
  const failure = classify(error);
  const reason = error instanceof Error ? error.message : String(error);
  const waitMs = error instanceof SourceError ? (error.retryAfterMs ?? 0) : 0;
  switch (failure.fault) {
    case "object": {
      if (error instanceof NameError) return { kind: "failed", reason, class: failureClass(error) };
      const final = failure.final && !(error instanceof SourceError && error.kind === "missing");
      // While nothing else is given either it is the source that is unwell, not this object.
      const counted = await breaker.isWell(since);
      if (!counted) breaker.failed(reason);
      if (final && counted) return { kind: "failed", reason, class: failureClass(error) };
      return { kind: "again", counted, waitMs, reason, class: failureClass(error) };
    }
    case "source": {
      breaker.failed(reason, { everything: failure.stop });
      if (error instanceof SourceError && error.kind === "misconfigured") {
        parts.onMisconfigured(new FatalError(reason, { cause: error }));
      }
      return {
        kind: "again",
        counted: !failure.stop && (await breaker.isWell(since)),
        waitMs,
        reason,
        class: failureClass(error),
      };
    }
    case "host":
      if (error instanceof HostError) parts.placement.failed(volume, error);
      return { kind: "again", counted: false, waitMs: 1_000, reason, class: failureClass(error) };
    case "cancelled":
      return { kind: "again", counted: false, waitMs: 0, reason, class: failureClass(error) };
    case "message":
    case "bug":
      throw error;
  }
}
