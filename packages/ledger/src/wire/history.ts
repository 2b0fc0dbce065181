import { listOf, type RecordedPage, sourceNameSchema, walkPositionSchema } from "@brigade/core";
import { z } from "zod";
import { count } from "./amounts.ts";

/**
 * The name of a source, and what of it the stored bytes depend on: with another fingerprint it is
 * another source.
 */
export const originSchema = z.object({ source: sourceNameSchema, fingerprint: z.string().min(1) });
export type OriginName = z.infer<typeof originSchema>;

/** A page of a listing. */
export const positionSchema = z.object({
  job: z.string(),
  directory: z.string(),
  walk: count,
  page: z.int().positive(),
});
export type Position = z.infer<typeof positionSchema>;

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

/** Files of one directory, as they are listed. */
export const filesSchema = z.object({
  job: originSchema,
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

/** How a listed file stands to what is stored: `changed` if another state of it is. */
const comparisonSchema = z.enum(["unchanged", "changed", "new"]);
export type Comparison = z.infer<typeof comparisonSchema>;
export const comparedSchema = z.object({ compared: z.array(comparisonSchema) });
