import { env } from "node:process";
import { z } from "zod";

/** `POWERCUT_SEED` repeats a run's moments and losses, as far as the recording comes out alike. */
const schema = z.object({
  POWERCUT_POINTS: z.coerce.number().int().min(1).default(50),
  POWERCUT_SEED: z.coerce
    .number()
    .int()
    .default(() => Math.floor(Math.random() * 2 ** 31)),
});

export const { POWERCUT_POINTS: points, POWERCUT_SEED: seed } = schema.parse(env);
