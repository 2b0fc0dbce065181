import {
  filtersSchema,
  listOf,
  type RecordedPage,
  sourceNameSchema,
  walkPositionSchema,
} from "@brigade/core";
import { z } from "zod";
import type {
  DirectorySums,
  FailureCount,
  FailureFilter,
  JobRecord,
  Miss,
  NewJob,
  Progress,
  Proof,
} from "../account.ts";

/** What travels between the ledger and those who ask it, as JSON: jobs and their history. Both ends parse what they get. */

export const count = z.int().nonnegative();
/** Unix milliseconds. */
export const time = z.int();

export const newJobSchema = z.object({
  id: z.string().min(1),
  source: sourceNameSchema,
  fingerprint: z.string().min(1),
  prefix: z.string(),
  filters: filtersSchema,
  startedAt: time,
}) satisfies z.ZodType<NewJob>;

export const openedSchema = z.object({
  /** Nothing of this source, as it is configured now, was stored before: nothing can be unchanged. */
  first: z.boolean(),
});

export const closingSchema = z.object({ state: z.enum(["complete", "incomplete", "cancelled"]) });

export const jobRecordSchema = newJobSchema.extend({
  state: z.enum(["open", "complete", "incomplete", "cancelled"]),
  closedAt: time.exactOptional(),
  unreadable: z.string().exactOptional(),
}) satisfies z.ZodType<JobRecord>;

export const amountSchema = z.object({ objects: count, bytes: count });
const sumsSchema = z.object({
  listed: amountSchema,
  stored: amountSchema,
  unchanged: amountSchema,
  vanished: amountSchema,
  failed: amountSchema,
});

const progressSchema = sumsSchema.extend({
  job: z.string(),
  directories: z.object({ known: count, done: count, failed: count }),
  pages: count,
  volumes: z.array(amountSchema.extend({ volume: z.string(), host: z.string() })).readonly(),
  listingFinished: z.boolean(),
  settled: z.boolean(),
}) satisfies z.ZodType<Progress>;

export const jobStandingSchema = jobRecordSchema.extend({ progress: progressSchema });
/** A job, and where it stands. */
export type JobStanding = z.infer<typeof jobStandingSchema>;

const examplesOf = <S extends z.ZodType>(example: S) =>
  z.object({ total: count, examples: z.array(example) });

export const proofSchema = sumsSchema.extend({
  complete: z.boolean(),
  directories: count,
  pages: count,
  holes: z.object({
    directories: examplesOf(
      z.object({
        directory: z.string(),
        walk: count.exactOptional(),
        missing: z.array(z.object({ from: count, to: count })),
      }),
    ),
    pages: examplesOf(
      z.object({
        directory: z.string(),
        walk: count,
        page: count,
        id: z.string(),
        open: count,
        indexes: z.array(count),
      }),
    ).extend({ objects: count }),
    failedDirectories: examplesOf(
      z.object({
        directory: z.string(),
        walk: count,
        page: count,
        besides: z.literal(true).exactOptional(),
        reason: z.string(),
      }),
    ),
  }),
  unnamed: examplesOf(z.string()),
}) satisfies z.ZodType<Proof>;

export const missSchema = z.object({
  key: z.string(),
  reason: z.string(),
  class: z.string().exactOptional(),
  at: time,
}) satisfies z.ZodType<Miss>;

/** Strict: a filter with a slip of the pen would choose everything. */
export const failureFilterSchema = z.strictObject({
  class: z.string().min(1).exactOptional(),
  under: z.string().exactOptional(),
}) satisfies z.ZodType<FailureFilter>;

export const failureCountsQuerySchema = failureFilterSchema.extend({ by: z.enum(["class", "directory"]) });
export type CountedBy = z.infer<typeof failureCountsQuerySchema>["by"];

export const failureCountsSchema = z.array(amountSchema.extend({ name: z.string() })) satisfies z.ZodType<
  FailureCount[]
>;

export const retriedSchema = z.object({
  /** Put back to work. */
  objects: count,
  /** Positions of the listing that are tried again. */
  directories: count,
});
export type Retried = z.infer<typeof retriedSchema>;

export const directorySumsSchema = sumsSchema.extend({
  directory: z.string(),
  pages: count,
  state: z.enum(["listing", "done", "failed"]),
}) satisfies z.ZodType<DirectorySums>;

export const positionSchema = z.object({
  job: z.string(),
  directory: z.string(),
  walk: count,
  page: z.int().positive(),
});

export const recordedSchema = z.object({
  /** Absent: nothing is recorded there. */
  recorded: z
    .object({
      id: z.string(),
      end: z.enum(["more", "last", "failed"]),
      next: walkPositionSchema.exactOptional(),
    })
    .exactOptional() satisfies z.ZodType<RecordedPage | undefined>,
});

export const filesSchema = z.object({
  job: z.object({ source: sourceNameSchema, fingerprint: z.string().min(1) }),
  directory: z.string(),
  files: listOf(
    z.object({
      name: z.string(),
      size: z.number().optional(),
      modified: z.number().optional(),
      etag: z.string().optional(),
    }),
  ),
});

export const unchangedSchema = z.object({ unchanged: z.array(z.boolean()) });

export const comparedSchema = z.object({ compared: z.array(z.enum(["unchanged", "changed", "new"])) });

/** Every error. */
export const refusalSchema = z.object({ error: z.string() });
