import { cameInPlace, SourceError, type WantedObject } from "@brigade/core";
import type { StoreWord } from "./store-word.ts";

/** How an object is asked for from now on; `atOnce`: this does not count as a try. */
export interface SecondLook {
  readonly wanted: WantedObject;
  readonly atOnce: boolean;
}

/**
 * What did not come as it was listed is asked for once more, past caches, as the store's metadata
 * has it now; a missing one and one in whose place something else came at once. `undefined` if this
 * is no such error, or was done already.
 */
export async function lookAgain(
  storeWord: StoreWord,
  wanted: WantedObject,
  error: unknown,
  signal: AbortSignal,
): Promise<SecondLook | "gone" | undefined> {
  if (wanted.fresh || !(error instanceof SourceError)) return undefined;
  const isFinal = error.kind === "missing" || cameInPlace(error);
  if (!isFinal && error.kind !== "damaged") return undefined;
  const now = await storeWord.newer(wanted, signal);
  if (now === "gone") return now;
  return { wanted: { ...(now ?? wanted), fresh: true }, atOnce: isFinal || now !== undefined };
}

/** A reason with what contradicts it. */
export function reasonOf(error: Error, wanted: WantedObject): string {
  const isKnown = wanted.fresh === true && error instanceof SourceError && error.kind === "missing";
  return isKnown ? `${error.message}; but the source still has metadata of it` : error.message;
}
