import type { Environment } from "@brigade/core";
import { type ComposeEntry, readLikeCompose } from "./compose.ts";

const mark = "\ufeff";

/**
 * Returns a text for each thing in a settings file that may mean something else than its writer
 * thinks, or something else to Docker Compose. Each has its line's number, and never a value.
 * `text`: with its byte order mark. `values`: as brigade reads them.
 */
export function warningsOf(text: string, values: Environment): string[] {
  const entries = readLikeCompose(text.startsWith(mark) ? text.slice(1) : text);
  // The file may name `__proto__`, which is none of its values.
  const valueNamed = (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined);
  const last = new Map(entries.map((entry) => [entry.name, entry]));
  const numbered = [
    ...(text.startsWith(mark)
      ? [{ line: 1, what: "a byte order mark begins the file: it is left out; save the file as plain UTF-8" }]
      : []),
    ...windowsLineEnd(text),
    ...entries.filter(hasHash).map(({ name, line }) => ({
      line,
      what: valueNamed(name)?.includes("#")
        ? `the # in the value of ${name} is part of it: put the value into quotes to say so, or a blank before # to begin a comment`
        : `the # begins a comment, and ${name} is empty: put the value into quotes where # is part of it`,
    })),
    // If a name stands there twice, the last one counts.
    ...entries
      .filter((entry) => last.get(entry.name) === entry && entry.value !== valueNamed(entry.name))
      .map((entry) => ({
        line: entry.line,
        what: `Docker Compose reads ${entry.name} otherwise than brigade: ${whyOf(entry)}`,
      })),
  ];
  return numbered
    .sort((one, other) => one.line - other.line)
    .map(({ line, what }) => `line ${line}: ${what}`);
}

function windowsLineEnd(text: string): { line: number; what: string }[] {
  const at = text.indexOf("\r\n");
  if (at === -1) return [];
  const line = text.slice(0, at).split("\n").length;
  return [{ line, what: "it ends as on Windows (CR LF), which some programs read as part of the value" }];
}

function hasHash({ quote, raw }: ComposeEntry): boolean {
  return quote === undefined && raw.includes("#");
}

function whyOf({ quote, raw }: ComposeEntry): string {
  const remedy = "single quotes around the value mean the same to both";
  if (quote !== "'" && raw.includes("$")) return `it puts a variable in place of $; ${remedy}`;
  if (quote === '"' && raw.includes("\\")) return `it replaces escapes with \\ in double quotes; ${remedy}`;
  if (raw.startsWith("`")) return `backticks are no quotes there; ${remedy}`;
  if (quote === undefined && raw.includes("#")) return `a comment begins there after a blank only; ${remedy}`;
  return remedy;
}
