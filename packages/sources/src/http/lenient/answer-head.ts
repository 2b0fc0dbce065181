/** The head of an answer: its status line and headers. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Record<string, string | string[]>;
  /** Of the body. `undefined`, and no chunks: the body lasts until the connection ends. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
}

/** Two parsers could read the answer differently, so none of ours does. The message says why. */
export class AmbiguousAnswer extends Error {}

const statusLine = /^HTTP\/1\.\d[ \t]+(\d{3})(?:[ \t]+(.*))?$/;

/**
 * `text`: a head in Latin-1, without the empty line behind it. Its lines may end with LF, be folded,
 * or have blanks before a colon. Throws AmbiguousAnswer.
 */
export function readHead(text: string): AnswerHead {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const [, status, statusText = ""] = statusLine.exec(first) ?? [];
  if (status === undefined)
    throw new AmbiguousAnswer(`its first line is ${JSON.stringify(first.slice(0, 40))}`);
  const headers = headersOf(unfolded(lines));
  const isChunked = codingOf(headers);
  const length = lengthOf(headers);
  // It is used as a number later.
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

/** As in undici, a header that came more than once has an array as its value. */
function headersOf(lines: readonly string[]): Record<string, string | string[]> {
  const values = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon === -1) throw new AmbiguousAnswer("a line of its head has no colon");
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
  throw new AmbiguousAnswer(`its Transfer-Encoding is ${JSON.stringify(String(coding).slice(0, 40))}`);
}

/** A repeated length is one length, if it is the same each time (RFC 9110, section 8.6). */
function lengthOf(headers: Record<string, string | string[]>): number | undefined {
  const value = headers["content-length"];
  if (value === undefined) return undefined;
  const [length = "", ...others] = new Set(
    [value].flat().flatMap((one) => one.split(",").map((each) => each.trim())),
  );
  if (others.length > 0) throw new AmbiguousAnswer("it has two lengths for its body");
  if (!/^\d{1,15}$/.test(length)) throw new AmbiguousAnswer("its Content-Length is no number");
  return Number(length);
}
