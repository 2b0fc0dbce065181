import { readFileSync } from "node:fs";
import { ConfigError } from "@brigade/core";

/** Headers that the program sets itself. */
const reserved = new Set(
  (
    "accept-encoding connection content-length expect if-match if-modified-since if-none-match if-range " +
    "if-unmodified-since keep-alive proxy-authorization range te trailer transfer-encoding upgrade"
  ).split(" "),
);

/**
 * Reads `Name: value`, or `@file` with such lines, so that secrets need not stand in arguments.
 * Throws ConfigError with all problems, which never show a value.
 */
export function parseHeaders(texts: readonly string[]): [string, string][] {
  const problems: string[] = [];
  const headers: [string, string][] = [];
  for (const { line, where } of texts.flatMap((text) => linesOf(text, problems))) {
    const [, name = "", value = ""] = /^([^:]*):\s*(.*?)\s*$/.exec(line) ?? [];
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) problems.push(`${where}: must be "Name: value"`);
    else if (reserved.has(name.toLowerCase())) problems.push(`${where}: ${name} cannot be set`);
    else if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      problems.push(`${where}: the value of ${name} cannot be sent in a header`);
    else headers.push([name, value]);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return headers;
}

function linesOf(text: string, problems: string[]): { line: string; where: string }[] {
  if (!text.startsWith("@")) return [{ line: text, where: "--header" }];
  const path = text.slice(1);
  const content = readOption("--header", path, problems);
  return content
    .split(/\r?\n/)
    .map((line, index) => ({ line, where: `${path}, line ${index + 1}` }))
    .filter(({ line }) => line.trim() !== "" && !line.startsWith("#"));
}

/**
 * Reads the file that an option names. If that is not possible, a problem is added, and the text is
 * empty.
 */
export function readOption(
  option: string,
  path: string,
  problems: string[],
  encoding: "utf8" | "latin1" = "utf8",
): string {
  try {
    return readFileSync(path, encoding);
  } catch (error) {
    problems.push(`${option}: ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
    return "";
  }
}
