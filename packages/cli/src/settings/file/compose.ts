/**
 * How Docker Compose reads a settings file (compose-go's dotenv package, 2.x). One file may serve
 * both programs, so a value that they read differently is worth a warning.
 */

/** One assignment. */
export interface ComposeEntry {
  readonly name: string;
  /** Counted from 1: where the name stands. */
  readonly line: number;
  readonly quote: "'" | '"' | undefined;
  /** Between the quotes, or up to the end of the line. */
  readonly raw: string;
  /** `undefined` if Compose puts variables into it, or refuses it. */
  readonly value: string | undefined;
}

/** Returns every assignment, in the order of the lines. What Compose refuses has no value. */
export function readLikeCompose(text: string): ComposeEntry[] {
  const entries: ComposeEntry[] = [];
  const source = text.replaceAll("\r\n", "\n");
  const start = /[^\S\n]*(?:export[^\S\n]+)?([\w.[\]-]+)[^\S\n]*[=:][^\S\n]*/y;
  let line = 1;
  for (let at = 0; at < source.length; ) {
    start.lastIndex = at;
    const found = start.exec(source);
    const end = lineEnd(source, at);
    let next = end;
    if (found !== null) {
      const from = start.lastIndex;
      const quote = source[from];
      const isQuoted = quote === "'" || quote === '"';
      const close = isQuoted ? closingQuote(source, from, quote) : end;
      next = close === undefined ? end : lineEnd(source, close);
      entries.push({
        name: found[1] ?? "",
        line,
        ...(isQuoted
          ? quotedValue(source.slice(from + 1, close), quote, close, source.slice((close ?? 0) + 1, next))
          : plainValue(source.slice(from, end))),
      });
    }
    line += source.slice(at, next + 1).split("\n").length - 1;
    at = next + 1;
  }
  return entries;
}

type Reading = Pick<ComposeEntry, "quote" | "raw" | "value">;

/** Reads up to the end of the line, without a comment that has a blank before it. */
function plainValue(rest: string): Reading {
  const raw = (rest.split(" #", 1)[0] ?? "").trimEnd();
  return { quote: undefined, raw, value: raw.includes("$") ? undefined : raw };
}

function quotedValue(raw: string, quote: "'" | '"', close: number | undefined, after: string): Reading {
  const isEnded = close !== undefined && /^\s*(#.*)?$/.test(after);
  const text = raw.replaceAll(`\\${quote}`, quote);
  if (!isEnded) return { quote, raw, value: undefined };
  if (quote === "'") return { quote, raw, value: text };
  const isTemplate = text.replaceAll("\\$", "").includes("$");
  return { quote, raw, value: isTemplate ? undefined : text.replaceAll(/\\([abfnrtv\\$])/g, unescaped) };
}

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unescaped(_match: string, letter: string): string {
  return escapes[letter] ?? letter;
}

/** Returns the position of the next quote without a backslash before it. */
function closingQuote(source: string, from: number, quote: string): number | undefined {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === quote) return at;
  }
  return undefined;
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end === -1 ? source.length : end;
}
