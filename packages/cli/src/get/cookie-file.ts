import { ConfigError } from "@brigade/core";
import { CookieJar } from "@brigade/sources/get";
import { readOption } from "./headers.ts";

export interface CookieFile {
  readonly cookies: CookieJar;
  /** Which lines could not be used. */
  readonly warnings: readonly string[];
}

/** Line numbers that a warning names at most. */
const mostNamed = 10;

/**
 * Reads the file that `--cookie-file` names. Throws ConfigError if it cannot be read, or has lines
 * of which none is a cookie.
 */
export function readCookieFile(path: string | undefined): CookieFile {
  const cookies = new CookieJar();
  if (path === undefined) return { cookies, warnings: [] };
  const problems: string[] = [];
  const bad = cookies.read(readOption("--cookie-file", path, problems, "latin1"));
  if (problems.length > 0) throw new ConfigError(problems);
  if (bad.length === 0) return { cookies, warnings: [] };
  const more = bad.length > mostNamed ? ` and ${bad.length - mostNamed} more` : "";
  const lines = `not in Netscape's format (as of curl -c) in line ${bad.slice(0, mostNamed).join(", ")}${more}`;
  if (cookies.isEmpty) throw new ConfigError([`--cookie-file: ${path}: ${lines}`]);
  return { cookies, warnings: [`--cookie-file: ${path}: ${lines}: the others are used`] };
}
