import { longestIdle } from "../connecting/connector.ts";
import type { OutgoingRequest } from "../requests/outgoing-request.ts";

/** The head of an answer that ends where its Content-Length says, or that has no body. */
export interface PlainHead {
  readonly status: number;
  readonly statusText: string;
  /** As in undici: names in lower case, an array if a header came more than once. */
  readonly headers: Record<string, string | string[]>;
  readonly bodyBytes: number;
  /** Milliseconds for which the connection may wait for its next request. 0: it is to be closed. */
  readonly idleMs: number;
}

const start = "HTTP/1.1 ";
const lineEnd = "\r\n";
const space = 0x20;
const tab = 0x09;
/**
 * A status line and header lines in the one form that all parsers read alike: no folded lines, no
 * bare LF, no blank before a colon.
 */
const wellFormed =
  /^HTTP\/1\.1 [2-9]\d\d(?: [\t\x20-\x7e]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;
const digits = /^\d{1,15}$/;
const closes = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
/**
 * Milliseconds that a request may need to reach the server. An idle connection is closed this much
 * earlier than the server offers.
 */
const wayToServer = 2_000;

/**
 * `text`: a head in Latin-1, without the empty line behind it. Returns `undefined` for the head of
 * any other answer.
 */
export function readPlainHead(text: string, method: OutgoingRequest["method"]): PlainHead | undefined {
  if (!wellFormed.test(text)) return undefined;
  const headers = headersOf(text);
  const length = headers["content-length"];
  if (headers["transfer-encoding"] !== undefined) return undefined;
  if (length !== undefined && (typeof length !== "string" || !digits.test(length))) return undefined;
  const status = Number(text.slice(start.length, start.length + 3));
  const statusText = text.slice(start.length + 4, text.indexOf(lineEnd));
  const isBare = status === 204 || status === 304;
  // Some servers send a body here by mistake.
  const isDoubtful = method === "HEAD" || (isBare && length !== undefined && length !== "0");
  const idleMs = isDoubtful ? 0 : idleMsOf(headers);
  if (method === "HEAD" || isBare) return { status, statusText, headers, bodyBytes: 0, idleMs };
  return length === undefined
    ? undefined
    : { status, statusText, headers, bodyBytes: Number(length), idleMs };
}

/** Returns whether a text in Latin-1 may be the beginning of the head of a plain answer. */
export function mayBecomePlain(text: string): boolean {
  const lastLine = text.lastIndexOf(lineEnd);
  const whole = lastLine === -1 ? "" : text.slice(0, lastLine + lineEnd.length);
  if (text.includes("\n", whole.length)) return false;
  if (whole !== "") return wellFormed.test(whole);
  return start.startsWith(text.slice(0, start.length)) && text[start.length] !== "1";
}

/** `text` is well formed. */
function headersOf(text: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { __proto__: null as never };
  let from = text.indexOf(lineEnd) + lineEnd.length;
  while (from < text.length) {
    const colon = text.indexOf(":", from);
    const end = text.indexOf(lineEnd, colon);
    const name = text.slice(from, colon).toLowerCase();
    const value = trimmed(text, colon + 1, end);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (typeof before === "string") headers[name] = [before, value];
    else before.push(value);
    from = end + lineEnd.length;
  }
  return headers;
}

/** Without blanks and tabs around it. */
function trimmed(text: string, from: number, to: number): string {
  let first = from;
  let end = to;
  while (first < end && isBlank(text.charCodeAt(first))) first++;
  while (end > first && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(first, end);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}

function idleMsOf(headers: Record<string, string | string[]>): number {
  const { connection } = headers;
  if (connection !== undefined && closes.test(String(connection))) return 0;
  const offer = headers["keep-alive"];
  if (offer === undefined) return longestIdle;
  const [, seconds] = /timeout=(\d+)/.exec(String(offer)) ?? [];
  if (seconds === undefined) return longestIdle;
  return Math.max(0, Math.min(longestIdle, Number(seconds) * 1000 - wayToServer));
}
