import { header, type ResponseHeaders } from "./response.ts";

/**
 * Returns the target of a redirect. Many servers write names into Location unescaped: bytes that no
 * URL may hold (UTF-8, GBK, spaces) are percent-escaped here, byte by byte. `URL` would read each
 * byte as a character of its own. Blanks at the end are matched from the beginning of a run only: a
 * run in the middle would take quadratic time.
 */
export function locationOf(headers: ResponseHeaders): string | undefined {
  return header(headers, "location")
    ?.replaceAll(/^[ \t]+|(?<![ \t])[ \t]+$/g, "")
    .replaceAll(
      /[^\x21-\x7e]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    );
}
