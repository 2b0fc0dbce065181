import type { ByteRange } from "@brigade/core";

/** Header name and value, or an empty list. */
export function rangeHeaders(range: ByteRange | undefined): readonly string[] {
  return range === undefined ? [] : ["range", `bytes=${range.from}-${range.to ?? ""}`];
}

/** Header names and values of a request that no cache on the way may answer (RFC 9111). */
export function freshHeaders(fresh: boolean | undefined): readonly string[] {
  return fresh === true ? ["cache-control", "no-cache", "pragma", "no-cache"] : [];
}
