import { filtersSchema, sourceNameSchema } from "@brigade/core";
import { z } from "zod";
import { amountSchema, count, sumsSchema, time } from "./amounts.ts";

/** A job as it is opened. */
export const newJobSchema = z.object({
  id: z.string().min(1),
  source: sourceNameSchema,
  fingerprint: z.string().min(1),
  /** The directory where the walk starts; `""` is the root. */
  prefix: z.string(),
  filters: filtersSchema,
  startedAt: time,
});
export type NewJob = z.infer<typeof newJobSchema>;

export const openedSchema = z.object({
  /**
   * Nothing of this source, as it is configured now, was stored before: nothing can be unchanged.
   */
  first: z.boolean(),
});

export const closingSchema = z.object({ state: z.enum(["complete", "incomplete", "cancelled"]) });

export const jobRecordSchema = newJobSchema.extend({
  state: z.enum(["open", "complete", "incomplete", "cancelled"]),
  /** Absent while open. */
  closedAt: time.exactOptional(),
  /**
   * Why what the catalogue has of the job cannot be read: the job is set apart, and can only be
   * closed.
   */
  unreadable: z.string().exactOptional(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;
export type JobState = JobRecord["state"];

/** What of a job lies on one volume: each object where it was first reported stored. */
const volumeAmountSchema = amountSchema.extend({ volume: z.string(), host: z.string() });
export type VolumeAmount = z.infer<typeof volumeAmountSchema>;

/** Where a job stands, from counters that are kept in the same transactions as what they count. */
const progressSchema = sumsSchema.extend({
  job: z.string(),
  /**
   * `known`: named by a page, or walked. `done`: listed to the end. `failed`: given up by the
   * lister.
   */
  directories: z.object({ known: count, done: count, failed: count }),
  pages: count,
  volumes: z.array(volumeAmountSchema).readonly(),
  /** Every known directory is done or failed: what is listed is all there will be. */
  listingFinished: z.boolean(),
  /** The listing is finished, and every listed object has an outcome. */
  settled: z.boolean(),
});
export type Progress = z.infer<typeof progressSchema>;

/** A job, and where it stands. */
export const jobStandingSchema = jobRecordSchema.extend({ progress: progressSchema });
export type JobStanding = z.infer<typeof jobStandingSchema>;

/** The accounts of one directory, its subdirectories not included. */
export const directorySumsSchema = sumsSchema.extend({
  directory: z.string(),
  pages: count,
  state: z.enum(["listing", "done", "failed"]),
});
export type DirectorySums = z.infer<typeof directorySumsSchema>;
