import { ConfigError } from "@brigade/core";
import { type Names, namesSchema } from "@brigade/volumes";

/** Throws ConfigError. */
export function namesOf(text: string | undefined): Names | undefined {
  if (text === undefined) return undefined;
  const parsed = namesSchema.safeParse(text);
  if (!parsed.success) throw new ConfigError([`--names: must be plain or portable`]);
  return parsed.data;
}
