import { type ByteRange, SourceError } from "@brigade/core";
import { type HttpResponse, header } from "../http/exchange.ts";

/**
 * The bytes that a 2xx answer will bring, where they are known without its Content-Length. Throws `damaged` unless
 * the answer is what was asked for: a server may ignore a range, or answer another one. `size`: of the object as
 * listed, absent where nobody knows it (a variant).
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
  const sent = header(response.headers, "content-range");
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(sent ?? "") ?? [];
  if (response.status !== 206 || from === undefined || to === undefined)
    throw new SourceError("damaged", `${what}: the range was ignored (status ${response.status})`);
  const last = Number(total) - 1;
  const wanted = Math.min(
    range.to ?? Number.POSITIVE_INFINITY,
    Number.isNaN(last) ? Number.POSITIVE_INFINITY : last,
  );
  if (Number(from) !== range.from || (wanted !== Number.POSITIVE_INFINITY && Number(to) !== wanted))
    throw new SourceError("damaged", `${what}: another range came (${sent})`);
  if (size !== undefined && !Number.isNaN(last) && last + 1 !== size)
    throw new SourceError("damaged", `${what}: its size is ${last + 1} now, not ${size}`);
  return Number(to) - Number(from) + 1;
}

function isWhole(range: ByteRange, size: number | undefined): boolean {
  if (range.from !== 0) return false;
  return range.to === undefined || (size !== undefined && range.to >= size - 1);
}
