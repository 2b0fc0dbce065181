import { z } from "zod";

/**
 * The shapes of this folder travel between the ledger and those who ask it, as JSON. Both ends
 * parse what they get. The catalogue uses the same shapes inside: each is declared here, and
 * nowhere else.
 */
export const count = z.int().nonnegative();
/** Unix milliseconds. */
export const time = z.int();

/** Objects, and their bytes together. */
export const amountSchema = z.object({ objects: count, bytes: count });
export type Amount = z.infer<typeof amountSchema>;

/**
 * What was listed and what became of it. Bytes of `stored` are those on disk (of a variant: its
 * own), all others as listed. An object counts once, by its best outcome; pages that do not count
 * (see tables/pages.ts) are left out.
 */
export const sumsSchema = z.object({
  listed: amountSchema,
  stored: amountSchema,
  unchanged: amountSchema,
  vanished: amountSchema,
  failed: amountSchema,
});
export type Sums = z.infer<typeof sumsSchema>;
