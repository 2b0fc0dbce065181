/** The contents of the head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Record<string, string | string[]>;
  /** The framing of the body; `undefined` for both: it lasts until the connection ends. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
}

/** The answer cannot be read without a guess; the message says why. */
export class Doubt extends Error {}

const statusLine = /^HTTP\/1\.\d[ \t]+(\d{3})(?:[ \t]+(.*))?$/;

/**
 * A head in Latin-1, without the empty line behind it. Its lines may end with LF, be folded, have
 * blanks before a colon. Throws Doubt.
 */
export function readHead(text: string): AnswerHead {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const [, status, statusText = ""] = statusLine.exec(first) ?? [];
  if (status === undefined) throw new Doubt(`its first line is ${JSON.stringify(first.slice(0, 40))}`);
  const headers = headersOf(unfolded(lines));
  const isChunked = codingOf(headers);
  const length = lengthOf(headers);
  // Later readers treat it as a number.
  if (length !== undefined) headers["content-length"] = String(length);
  return { status: Number(status), statusText, headers, length, isChunked };
}

function unfolded(lines: readonly string[]): string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const before = /^[ \t]/.test(line) ? whole.pop() : undefined;
    whole.push(before === undefined ? line : `${before} ${line.trim()}`);
  }
  return whole;
}

/** As from undici: an array if a header came more than once. */
function headersOf(lines: readonly string[]): Record<string, string | string[]> {
  const values = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon === -1) throw new Doubt("a line of its head has no colon");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = values.get(name);
    if (before === undefined) values.set(name, [value]);
    else before.push(value);
  }
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, [first = "", ...others]] of values)
    headers[name] = others.length === 0 ? first : [first, ...others];
  return headers;
}

/** Returns whether the body comes in chunks. */
function codingOf(headers: Record<string, string | string[]>): boolean {
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return false;
  if (String(coding).toLowerCase() === "chunked") return true;
  throw new Doubt(`its Transfer-Encoding is ${JSON.stringify(String(coding).slice(0, 40))}`);
}

/** A repeated length is one length, if it is the same each time (RFC 9110, section 8.6). */
function lengthOf(headers: Record<string, string | string[]>): number | undefined {
  const told = headers["content-length"];
  if (told === undefined) return undefined;
  const [length = "", ...others] = new Set(
    [told].flat().flatMap((one) => one.split(",").map((each) => each.trim())),
  );
  if (others.length > 0) throw new Doubt("it has two lengths for its body");
  if (!/^\d{1,15}$/.test(length)) throw new Doubt("its Content-Length is no number");
  return Number(length);
}
