import { z } from "zod";
import { fieldName, fieldValue } from "./field-syntax.ts";

/** Sent by the adapter itself; another value would break the protocol or a check. */
const reserved = new Set(
  (
    "accept-encoding authorization connection content-length date expect host if-match if-modified-since " +
    "if-none-match if-range if-unmodified-since keep-alive proxy-authorization range te trailer " +
    "transfer-encoding upgrade"
  ).split(" "),
);

export const headerValue = z.string().regex(fieldValue, "holds characters that no HTTP header can carry");

const jsonSchema = z.record(z.string(), z.string());

/**
 * Returns name, value, name, value… from `Name: value` lines, or from a JSON object if the text
 * begins with `{`.
 */
export const extraHeaders = z.string().transform((text, context): readonly string[] => {
  const fail = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  const pairs = text.startsWith("{") ? fromJson(text) : fromLines(text);
  if (pairs === undefined) return fail('must be "Name: value" lines or a JSON object of texts');
  for (const [name, value] of pairs) {
    if (!fieldName.test(name)) return fail(`${JSON.stringify(name)} is no header's name`);
    if (reserved.has(name.toLowerCase())) return fail(`${name} cannot be set`);
    if (!fieldValue.test(value)) return fail(`the value of ${name} cannot be sent`);
  }
  return pairs.flat();
});

function fromJson(text: string): [string, string][] | undefined {
  try {
    const parsed = jsonSchema.safeParse(JSON.parse(text));
    return parsed.success ? Object.entries(parsed.data) : undefined;
  } catch {
    // Not JSON: the caller's error names the right form.
    return undefined;
  }
}

function fromLines(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    if (colon === -1) return undefined;
    pairs.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  return pairs;
}
