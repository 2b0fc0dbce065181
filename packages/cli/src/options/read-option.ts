import { ConfigError } from "@brigade/core";
import type { z } from "zod";

/**
 * Returns what an option of the command line is by its schema; `undefined` if it was not given.
 * Throws ConfigError that names the option.
 */
export function readOption<T>(option: string, schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map(({ message }) => `${option}: ${message}`),
    { cause: parsed.error },
  );
}
