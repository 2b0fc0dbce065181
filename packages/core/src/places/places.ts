import { z } from "zod";

/** How many requests may be under way: a number, or the best number up to `most`, to be found. */
export interface Places {
  readonly most: number;
  readonly isSought: boolean;
}

/** What a variable of places accepts. */
export interface PlaceBounds {
  /** Of `auto`. */
  readonly usualMost: number;
  /** That may be configured. */
  readonly greatest: number;
}

/** FETCH_CONCURRENCY: bodies at once. */
export const bodyBounds: PlaceBounds = { usualMost: 512, greatest: 4_096 };
/** LIST_CONCURRENCY: listings at once. */
export const listingBounds: PlaceBounds = { usualMost: 64, greatest: 256 };

/**
 * Reads a number of requests at once; `auto`, or `auto:100` for the best number up to 100. Returns
 * `undefined` for anything else.
 */
export function parsePlaces(text: string, { usualMost, greatest }: PlaceBounds): Places | undefined {
  const match = /^(?:(?<auto>auto)(?::(?<upTo>\d+))?|(?<fixed>\d+))$/.exec(text);
  if (match === null) return undefined;
  const { auto, upTo, fixed } = match.groups ?? {};
  const most = Number(fixed ?? upTo ?? usualMost);
  return most >= 1 && most <= greatest ? { most, isSought: auto !== undefined } : undefined;
}

/** The text that `parsePlaces` reads, with another greatest number. */
export function placesText({ isSought }: Places, most: number): string {
  return isSought ? `auto:${most}` : String(most);
}

/** A variable that `parsePlaces` reads; `auto` by default. */
export const placesVariable = (bounds: PlaceBounds) =>
  z
    .string()
    .transform((text, context) => {
      const parsed = parsePlaces(text, bounds);
      if (parsed !== undefined) return parsed;
      context.addIssue(`must be auto, auto:<most>, or a whole number from 1 to ${bounds.greatest}`);
      return z.NEVER;
    })
    .prefault("auto");
