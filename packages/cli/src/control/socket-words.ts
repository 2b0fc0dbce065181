import { orderSchema, standingSchema } from "@brigade/core";
import { z } from "zod";

/** Bytes of one line, either way. */
export const longestLine = 4 * 2 ** 20;

/** One line of JSON: an order, or without it the question what holds. */
export const askedSchema = z.object({ v: z.literal(1), order: orderSchema.exactOptional() });

/** The answer, one line of JSON. */
export const answeredSchema = z.union([
  z.object({
    source: z.string(),
    standing: standingSchema,
    /** Messages of work in hand. */
    holding: z.int().nonnegative(),
  }),
  z.object({ error: z.string() }),
]);
export type Answered = z.infer<typeof answeredSchema>;
