import type { Document } from "./missing-paths.ts";

/** Columns of prose. */
const most = 100;

/**
 * Returns a line per line of prose that is longer than 100 columns. In Markdown that is text
 * outside of code blocks and tables, in other files it is comments that begin with `#`. A line
 * without a blank, such as an address, may be longer.
 */
export function longLines(documents: readonly Document[]): string[] {
  return documents.flatMap(({ path, text }) =>
    proseOf(path, text)
      .filter(({ line }) => [...line].length > most && /\S\s+\S/.test(line.replace(/^[\s#>*-]+/, "")))
      .map(({ number, line }) => `${path}:${number}: ${[...line].length} columns, at most ${most}`),
  );
}

interface Line {
  readonly number: number;
  readonly line: string;
}

function proseOf(path: string, text: string): Line[] {
  const lines = text.split("\n").map((line, index) => ({ number: index + 1, line }));
  if (!path.endsWith(".md")) return lines.filter(({ line }) => /^\s*# /.test(line));
  let inCode = false;
  return lines.filter(({ line }) => {
    if (/^\s*```/.test(line)) inCode = !inCode;
    return !inCode && !/^\s*\|/.test(line);
  });
}
