import { type ByteRange, SourceError } from "@brigade/core";
import { contentRange } from "../../http/reading/content-range.ts";
import type { HttpResponse } from "../../http/reading/response.ts";

/**
 * Returns the number of bytes that a 2xx answer will bring, if it is known without its
 * Content-Length. Throws `damaged` unless the answer fits the request: a server may ignore a range,
 * or answer another one. `size`: of the object as listed, absent if unknown (a variant).
 */
export function expectedLength(
  response: HttpResponse,
  range: ByteRange | undefined,
  size: number | undefined,
  what: string,
): number | undefined {
  if (range === undefined) {
    if (response.status !== 200)
      throw new SourceError("damaged", `${what}: unexpected status ${response.status}`);
    return size;
  }
  if (response.status === 200 && isWhole(range, size)) return size;
  const sent = contentRange(response.headers);
  if (response.status !== 206 || sent === undefined)
    throw new SourceError("damaged", `${what}: the range was ignored (status ${response.status})`);
  const { from, to, total } = sent;
  const most = range.to ?? Number.POSITIVE_INFINITY;
  const wanted = total === undefined ? most : Math.min(most, total - 1);
  if (from !== range.from || (wanted !== Number.POSITIVE_INFINITY && to !== wanted))
    throw new SourceError("damaged", `${what}: another range came (bytes ${from} to ${to})`);
  if (size !== undefined && total !== undefined && total !== size)
    throw new SourceError("damaged", `${what}: its size is ${total} now, not ${size}`);
  return to - from + 1;
}

function isWhole(range: ByteRange, size: number | undefined): boolean {
  if (range.from !== 0) return false;
  return range.to === undefined || (size !== undefined && range.to >= size - 1);
}
