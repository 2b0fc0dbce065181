import { SourceError } from "@brigade/core";
import type { HttpResponse } from "../http/exchange.ts";
import { isStoredPacked, packingOf } from "../http/reading/packing.ts";

/**
 * Throws, and drops the body, when the server packed the bytes although we asked it not to. Of an archive, whose name says that it
 * is packed, servers say so too, and send it as it is stored. `names`: what it is called by its URLs.
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
  throw new SourceError("forbidden", `${what}: comes packed (Content-Encoding: ${packing})`, { status });
}
