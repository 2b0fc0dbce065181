import { SourceError } from "@brigade/core";

/** The bounds of one page of a foreign listing. Real directories stay below all of these. */
export const pageLimits = {
  entries: 1_000_000,
  /** Entries of one page that are kept in memory; those behind them wait in a file. */
  inMemory: 100_000,
  /** Unpacked. */
  bytes: 256 * 1024 * 1024,
  /** Characters of one entry, tag or comment. */
  entryLength: 256 * 1024,
  /** Elements, or brackets, that are open at once. */
  depth: 1_000,
  attributesOfTag: 500,
  /** Milliseconds of the processor, to read it. */
  work: 5_000,
  /** Milliseconds until its last byte has come. */
  arrival: 600_000,
} as const;

/**
 * The page is not read any further. It would be the same the next time, so the error is a refusal
 * and not transient.
 */
export function overLimit(what: string): SourceError {
  return new SourceError("forbidden", `the page of the listing has ${what}: no more of it is read`);
}
