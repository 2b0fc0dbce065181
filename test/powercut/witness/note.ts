import { z } from "zod";

/** Something that was reported. `at`: bytes of the disk's log at that moment. */
export const noteSchema = z.discriminatedUnion("kind", [
  /** A volume has reported an object as stored. */
  z.object({ kind: z.literal("stored"), at: z.int(), key: z.string(), md5: z.string() }),
  /** The broker has confirmed a result. */
  z.object({ kind: z.literal("published"), at: z.int(), page: z.string(), index: z.int() }),
]);
export type Note = z.infer<typeof noteSchema>;
