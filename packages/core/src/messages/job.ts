import { z } from "zod";
import { FatalError } from "../failures.ts";
import { listOf } from "./bounded-json.ts";

/** A source's name, also a folder's name and a part of queue names. */
export const sourceNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "a source's name is 1 to 63 of a-z, 0-9 and -");

/**
 * One walk of one source. Carried by every message; consumers refuse another fingerprint than their
 * own.
 */
export const jobSchema = z.object({
  id: z.string().min(1),
  source: sourceNameSchema,
  fingerprint: z.string().min(1),
  /**
   * The directory that the walk begins with; absent in jobs that were started by an earlier
   * version.
   */
  prefix: z.string().exactOptional(),
  /**
   * Nothing of this source was stored before: nothing can be unchanged, so nobody needs to be
   * asked.
   */
  first: z.literal(true).exactOptional(),
});
export type Job = z.infer<typeof jobSchema>;

/** Which listed objects are wanted. What is filtered out is neither counted nor accounted for. */
export const filtersSchema = z.object({
  /** Globs on the whole key; an object is wanted when one matches, or when there are none. */
  include: listOf(z.string()).optional(),
  /** Globs on the whole key; wins over include. A directory that matches is not walked. */
  exclude: listOf(z.string()).optional(),
  /** Bytes. */
  minSize: z.int().nonnegative().optional(),
  /** Bytes. */
  maxSize: z.int().nonnegative().optional(),
  /** Unix seconds. */
  modifiedSince: z.int().optional(),
});
export type Filters = z.infer<typeof filtersSchema>;

/**
 * For a consumer whose source would bring other bytes than the job's (I9): it leaves the work to
 * others and stops.
 */
export function otherMeaning(job: Job): FatalError {
  return new FatalError(
    `job ${job.id} of "${job.source}" was started with another bucket, domain or version than is configured here`,
  );
}
