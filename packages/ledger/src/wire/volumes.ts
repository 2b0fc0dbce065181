import { z } from "zod";
import { amountSchema, count, time } from "./amounts.ts";

/** A volume that no host has now. */
const goneSchema = z.object({
  /** Since when. */
  at: time,
  /** It was lost: why, for people. Absent: it was taken away in good order. */
  lost: z.string().exactOptional(),
});

/**
 * What is known of a volume, and what lies on it: every state of every object that was stored
 * there.
 */
export const volumeContentsSchema = amountSchema.extend({
  volume: z.string(),
  label: z.string().exactOptional(),
  host: z.string(),
  seenAt: time,
  /** Bytes, as its host said last. */
  free: count.exactOptional(),
  size: count.exactOptional(),
  sources: z.array(amountSchema.extend({ source: z.string() })).readonly(),
  /** Absent: it is here, as far as is known. */
  gone: goneSchema.exactOptional(),
});
export type VolumeContents = z.infer<typeof volumeContentsSchema>;

/** A volume as its host describes it. */
export const volumeDescriptionSchema = z.object({
  id: z.string().min(1),
  label: z.string().exactOptional(),
  host: z.string(),
  free: count.exactOptional(),
  size: count.exactOptional(),
  /**
   * Whether the volume is here no more; `null`: it is here. Absent: not reported. A lost volume stays
   * lost until it is here again.
   */
  gone: goneSchema.omit({ at: true }).nullable().exactOptional(),
});
export type VolumeDescription = z.infer<typeof volumeDescriptionSchema>;
