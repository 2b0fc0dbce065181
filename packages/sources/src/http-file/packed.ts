import { SourceError } from "@brigade/core";
import { isStoredPacked, packingOf } from "../http/reading/packing.ts";
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
  const packing = packingOf(headers);
  if (packing === undefined) return;
  if (body.length !== undefined && names.some((name) => isStoredPacked(name, packing))) return;
  body.cancel();
  throw new SourceError("forbidden", `${what}: comes compressed (Content-Encoding: ${packing})`, { status });
}
