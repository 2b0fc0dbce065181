import { SourceError } from "@brigade/core";
import { contentCoding, isStoredCompressed } from "../http/reading/content-coding.ts";
import type { HttpResponse } from "../http/reading/response.ts";

/**
 * Throws, and drops the body, if the server compressed the bytes although we asked it not to. An
 * archive, whose name shows its compression, may be marked as compressed: servers send it as it is
 * stored. `names`: its names in the URLs.
 */
export function refuseEncoded(
  { headers, body, status }: HttpResponse,
  what: string,
  names: readonly string[] = [],
): void {
  const coding = contentCoding(headers);
  if (coding === undefined) return;
  if (body.length !== undefined && names.some((name) => isStoredCompressed(name, coding))) return;
  body.cancel();
  throw new SourceError("forbidden", `${what}: comes compressed (Content-Encoding: ${coding})`, { status });
}
