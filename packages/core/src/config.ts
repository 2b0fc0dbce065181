import { z } from "zod";
import { ConfigError } from "./failures.ts";

/** The environment as zod pieces: everything comes as text, and an empty text means "not set". */
export type Environment = Readonly<Record<string, string | undefined>>;

export const integer = (options: { min?: number; max?: number } = {}) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(
      z
        .number()
        .min(options.min ?? 0)
        .max(options.max ?? Number.MAX_SAFE_INTEGER),
    );

/** Bytes: `500`, `64KiB`, `20GB`. */
export const byteSize = z
  .string()
  .regex(/^\d+(\.\d+)?\s*([KMGT]i?B?|B)?$/i, "must be a size such as 500, 64MiB or 20GB")
  .transform(parseBytes);

/** Bytes per second, as the operator limits them. A lower limit could not be told from a stop. */
export const bandwidth = byteSize.refine((bytes) => bytes >= 1000, "must be at least 1kB (per second)");

export const flag = z
  .enum(["true", "false", "1", "0", "yes", "no"], "must be true or false")
  .transform((value) => value === "true" || value === "1" || value === "yes");

/** http or https, without credentials. */
export const httpUrl = z
  .string()
  .refine(isHttpUrl, "must be an http:// or https:// URL without user, query and fragment");

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    /^https?:$/.test(url.protocol) &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === ""
  );
}

function parseBytes(text: string): number {
  const [, number = "0", unit = ""] = /^([\d.]+)\s*([a-z]*)$/i.exec(text) ?? [];
  const power = "BKMGT".indexOf((unit[0] ?? "B").toUpperCase());
  const base = unit[1]?.toLowerCase() === "i" || unit.length === 1 ? 1024 : 1000;
  return Math.round(Number(number) * base ** Math.max(power, 0));
}

/**
 * Parses the environment with an object schema whose keys are variable names. Reads only those
 * names; empty counts as absent. With `prefix`, `<prefix>_<NAME>` wins over `<NAME>`. Returns every
 * problem, each naming its variable.
 */
export function parseEnvironment<S extends z.ZodObject>(
  schema: S,
  environment: Environment,
  prefix?: string,
): { value: z.infer<S> } | { problems: string[] } {
  const names = new Map<string, string>();
  const found: Record<string, string> = {};
  for (const key of Object.keys(schema.shape)) {
    const own = prefix === undefined ? undefined : `${prefix}_${key}`;
    const name = own !== undefined && environment[own]?.trim() ? own : key;
    const text = environment[name]?.trim();
    names.set(key, name);
    if (text) found[key] = text;
  }
  const parsed = schema.safeParse(found);
  if (parsed.success) return { value: Object.freeze(parsed.data) as z.infer<S> };
  return {
    problems: parsed.error.issues.map((issue) => {
      const key = String(issue.path[0] ?? "");
      const missing = issue.code !== "custom" && key in schema.shape && found[key] === undefined;
      return `${names.get(key) ?? key}: ${missing ? "is not set" : issue.message}`;
    }),
  };
}

/** The value, or ConfigError with all problems. */
export function valueOrThrow<T>(parsed: { value: T } | { problems: string[] }): T {
  if ("problems" in parsed) throw new ConfigError(parsed.problems);
  return parsed.value;
}
