import { header, type ResponseHeaders } from "../exchange.ts";

/**
 * Where an answer sends us. Many servers write names into Location as they are: bytes that no URL may hold (UTF-8, GBK, spaces)
 * are percent-escaped, each as it is. `URL` would take each of them for a character of its own.
 * Blanks at the end are tried from the beginning of a run only: one in the middle would take the square of its length.
 */
export function locationOf(headers: ResponseHeaders): string | undefined {
  return header(headers, "location")
    ?.replaceAll(/^[ \t]+|(?<![ \t])[ \t]+$/g, "")
    .replaceAll(
      /[^\x21-\x7e]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    );
}
