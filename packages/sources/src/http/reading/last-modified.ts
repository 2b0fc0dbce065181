import { header, type ResponseHeaders } from "./response.ts";

/** Returns Unix seconds; `undefined` if there is no date, or none that can be read. */
export function lastModified(headers: ResponseHeaders): number | undefined {
  const at = Date.parse(header(headers, "last-modified") ?? "");
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000);
}
