import { z } from "zod";
import type { Places } from "../pacing/bodies/body-places.ts";

/** Places for bodies that are never passed by themselves. */
const usualMost = 512;
/** The greatest number that may be configured. */
const greatest = 4_096;

/**
 * Reads FETCH_CONCURRENCY: a number of bodies at once; `auto`, or `auto:100` for the best number up
 * to 100. Returns `undefined` for anything else.
 */
export function parsePlaces(text: string): Places | undefined {
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

export const places = z.string().transform((text, context) => {
  const parsed = parsePlaces(text);
  if (parsed !== undefined) return parsed;
  context.addIssue(`must be auto, auto:<most>, or a whole number from 1 to ${greatest}`);
  return z.NEVER;
});
