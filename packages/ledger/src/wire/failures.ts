import { z } from "zod";
import { amountSchema, count, time } from "./amounts.ts";

/** An object that failed or vanished. */
export const missSchema = z.object({
  key: z.string(),
  reason: z.string(),
  /**
   * Of what kind the failure is (core's `failureClass`), "unknown" if it was not recorded; of failed
   * objects only.
   */
  class: z.string().exactOptional(),
  at: time,
});
export type Miss = z.infer<typeof missSchema>;

/**
 * Which failed objects: of one class, with keys that begin with `under`. Absent: all. Strict: a
 * filter with a typing error would choose everything.
 */
export const failureFilterSchema = z.strictObject({
  class: z.string().min(1).exactOptional(),
  under: z.string().exactOptional(),
});
export type FailureFilter = z.infer<typeof failureFilterSchema>;

export const failureCountsQuerySchema = failureFilterSchema.extend({ by: z.enum(["class", "directory"]) });
export type CountedBy = z.infer<typeof failureCountsQuerySchema>["by"];

/** Failed objects by class ("unknown" if it was not recorded), or by directory. */
const failureCountSchema = amountSchema.extend({ name: z.string() });
export type FailureCount = z.infer<typeof failureCountSchema>;
export const failureCountsSchema = z.array(failureCountSchema);

/** What was put back to work. */
export const retriedSchema = z.object({
  objects: count,
  /** Positions of the listing that are tried again. */
  directories: count,
});
export type Retried = z.infer<typeof retriedSchema>;

/** `brokerIsNew`: the broker had no queues of the source: what was in them is lost. */
export const goOnSchema = z.strictObject({ brokerIsNew: z.boolean() });
export type GoOn = z.infer<typeof goOnSchema>;

/** How a job goes on whose messages were lost. */
export const goneOnSchema = z.union([
  retriedSchema,
  z.object({
    /**
     * Why nothing was done yet. `busy`: there is work in queues or in hand, so nothing seems lost;
     * `soon`: it is to be asked again in some seconds.
     */
    waits: z.enum(["busy", "soon"]),
    /** For people. */
    reason: z.string(),
  }),
]);
export type GoneOn = z.infer<typeof goneOnSchema>;
