import type { ByteRange } from "@brigade/core";

/** Header name and value, or nothing. */
export function rangeHeaders(range: ByteRange | undefined): readonly string[] {
  return range === undefined ? [] : ["range", `bytes=${range.from}-${range.to ?? ""}`];
}
