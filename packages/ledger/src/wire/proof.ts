import { z } from "zod";
import { count, sumsSchema } from "./amounts.ts";

/** The exact number, and the first few. */
const examplesOf = <S extends z.ZodType>(example: S) =>
  z.object({ total: count, examples: z.array(example).readonly() });

/** A directory without a contiguous walk of pages 1..last. */
const directoryHoleSchema = z.object({
  directory: z.string(),
  /** Absent: no page of it is recorded at all. */
  walk: count.exactOptional(),
  /**
   * Missing page numbers as inclusive ranges, at most a few; the last may be the page after the
   * highest one recorded.
   */
  missing: z.array(z.object({ from: count, to: count })).readonly(),
});
export type DirectoryHole = z.infer<typeof directoryHoleSchema>;

/** A page that has indexes without an outcome. */
const pageHoleSchema = z.object({
  directory: z.string(),
  walk: count,
  page: count,
  id: z.string(),
  /** The number of indexes that have no outcome. */
  open: count,
  /** The first few of them. */
  indexes: z.array(count).readonly(),
});
export type PageHole = z.infer<typeof pageHoleSchema>;

/** A directory that could not be listed on from some page. */
const failedDirectorySchema = z.object({
  directory: z.string(),
  walk: count,
  page: count,
  /** The page itself was listed, but not what lies below some of its entries. */
  besides: z.literal(true).exactOptional(),
  reason: z.string(),
});
export type FailedDirectory = z.infer<typeof failedDirectorySchema>;

/**
 * Whether everything is accounted for, found by going through all directories and pages: from the
 * root on every named directory has one contiguous walk, and every index of every page an outcome.
 * Objects that failed are accounted for.
 */
export const proofSchema = sumsSchema.extend({
  complete: z.boolean(),
  directories: count,
  pages: count,
  holes: z.object({
    directories: examplesOf(directoryHoleSchema),
    /** `objects`: indexes without an outcome, all pages together. */
    pages: examplesOf(pageHoleSchema).extend({ objects: count }),
    failedDirectories: examplesOf(failedDirectorySchema),
  }),
  /**
   * Walked, but on no page that counts: named by a page that is missing, or whose listing has been
   * replaced.
   */
  unnamed: examplesOf(z.string()),
});
export type Proof = z.infer<typeof proofSchema>;
