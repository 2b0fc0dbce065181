import { z } from "zod";

const count = z.int().nonnegative();

/**
 * What a service says of itself every few seconds, to whoever listens. Nothing depends on it: it may be lost, it is not
 * kept, and a service that falls silent is only shown as such.
 */
export const presenceSchema = z.object({
  v: z.literal(1),
  service: z.enum(["lister", "downloader", "copy"]),
  host: z.string(),
  /** Names the process: `downloader@host#7`. */
  instance: z.string().min(1),
  /** Unix milliseconds. */
  at: z.int(),
  /** Milliseconds until the next word, at the latest. */
  everyMs: z.int().positive(),
  /** Its last word. */
  leaving: z.literal(true).exactOptional(),
  /** Why its work for a source pauses, for people; empty while it runs. */
  sources: z.array(z.object({ name: z.string(), pauses: z.array(z.string()) })),
  volumes: z.array(
    z.object({
      id: z.string().min(1),
      label: z.string(),
      root: z.string(),
      /** Bytes that may still be written, and of the whole disk. Absent: the disk does not say. */
      free: count.exactOptional(),
      size: count.exactOptional(),
    }),
  ),
});
export type Presence = z.infer<typeof presenceSchema>;
