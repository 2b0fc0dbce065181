import { z } from "zod";
import { MessageError } from "../failures.ts";

/** Bytes of a message or of a request's body at most: what is larger is not decoded. */
export const mostBodyBytes = 8 * 2 ** 20;

/**
 * Values, and levels of arrays and objects in each other, of one body at most: each costs far more
 * memory than text.
 */
const mostValues = 500_000;
const deepest = 32;
/** Characters that cannot cost much, whatever they are. */
const harmless = 64 * 1024;

/**
 * JSON from outside, as a value. Throws MessageError, before it costs much, where it is too large,
 * or no JSON.
 */
export function parseBounded(body: string | Buffer): unknown {
  const bytes = typeof body === "string" ? sizeOf(body) : body.byteLength;
  if (bytes > mostBodyBytes) {
    throw new MessageError(
      `${bytes} bytes are more than the ${mostBodyBytes} that a body may have: it is not decoded`,
    );
  }
  const text = body.toString();
  if (text.length > harmless) checkStructure(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MessageError(`not JSON: ${text.slice(0, 80)}`, { cause: error });
  }
}

/** Bytes; no need to know exactly of what is clearly small. */
function sizeOf(text: string): number {
  return text.length * 3 <= mostBodyBytes ? text.length : Buffer.byteLength(text);
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

function checkStructure(text: string): void {
  let values = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = endOfString(text, i);
    else if (code === comma) values++;
    else if (opening.has(code)) {
      values++;
      depth++;
    } else if (closing.has(code)) depth--;
    if (depth > deepest)
      throw new MessageError(`arrays and objects lie more than ${deepest} deep in each other`);
    if (values > mostValues) throw new MessageError(`a body has more than ${mostValues} values`);
  }
}

/**
 * Where the string that begins at `start` has its closing quote; the text's end where it has none.
 */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

/** An array that is read up to its first problem: zod's own collects one for each element. */
export function listOf<E extends z.ZodType>(
  element: E,
  { least = 0, most = mostValues }: { readonly least?: number; readonly most?: number } = {},
) {
  const array = z.array(z.unknown()).min(least).max(most);
  return array.transform((items, context): z.output<E>[] => {
    const read: z.output<E>[] = [];
    for (const [index, item] of items.entries()) {
      const parsed = element.safeParse(item);
      if (parsed.success) read.push(parsed.data);
      else {
        for (const { message, path } of parsed.error.issues)
          context.issues.push({ code: "custom", message, path: [index, ...path], input: item });
        return z.NEVER;
      }
    }
    return read;
  });
}
