import { z } from "zod";

/** Something that was reported. `at`: bytes of the disk's log at that moment. */
export const noteSchema = z.discriminatedUnion("kind", [
  /** A volume said that an object is stored. */
  z.object({ kind: z.literal("stored"), at: z.int(), key: z.string(), md5: z.string() }),
  /** The broker said that a result is safe. */
  z.object({ kind: z.literal("published"), at: z.int(), page: z.string(), index: z.int() }),
]);
export type Note = z.infer<typeof noteSchema>;
