import { type ByteRange, SourceError } from "@brigade/core";
import { type HttpResponse, header, type ResponseHeaders } from "./response.ts";

/** Which bytes a 206 holds, both ends included. */
export interface ContentRange {
  readonly from: number;
  readonly to: number;
  /** Bytes of the whole; `undefined` if the server does not give it (`*`). */
  readonly total: number | undefined;
}

/** Returns `undefined` if there is no Content-Range, or none that can be read. */
function contentRange(headers: ResponseHeaders): ContentRange | undefined {
  const [, from, to, total] = /^bytes\s+(\d+)-(\d+)\/(\d+|\*)$/i.exec(textOf(headers)) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return { from: Number(from), to: Number(to), total: total === "*" ? undefined : Number(total) };
}

/** As `contentRange`; `undefined` also if the total is not given. */
export function completeRange(
  headers: ResponseHeaders,
): { from: number; to: number; total: number } | undefined {
  const range = contentRange(headers);
  return range?.total === undefined ? undefined : { ...range, total: range.total };
}

/** Returns the length of the whole in a 416, in bytes; `undefined` if it does not. */
export function unsatisfiedTotal(headers: ResponseHeaders): number | undefined {
  const [, total] = /^bytes\s+\*\/(\d+)$/i.exec(textOf(headers)) ?? [];
  return total === undefined ? undefined : Number(total);
}

/**
 * Returns the number of bytes that a 2xx answer will bring, if it is known without its
 * Content-Length. Throws `damaged` unless the answer fits the request: a server may ignore a range,
 * or answer another one. `size`: of the object as listed; `undefined` if it is not known. `strict`:
 * a range must come as a 206 that has the length of the whole.
 */
export function expectedLength(
  { status, headers }: HttpResponse,
  { range, size, what }: { range: ByteRange | undefined; size: number | undefined; what: string },
  { strict }: { readonly strict: boolean },
): number | undefined {
  const damaged = (why: string) => new SourceError("damaged", `${what}: ${why}`, { status });
  if (range === undefined) {
    if (status !== 200) throw damaged(`unexpected status ${status}`);
    return size;
  }
  if (!strict && status === 200 && isWhole(range, size)) return size;
  const sent = status === 206 ? contentRange(headers) : undefined;
  if (sent === undefined || (strict && sent.total === undefined))
    throw damaged(`the range was ignored (status ${status})`);
  const { from, to, total } = sent;
  const most = range.to ?? Number.POSITIVE_INFINITY;
  const wanted = total === undefined ? most : Math.min(most, total - 1);
  if (from !== range.from || (wanted !== Number.POSITIVE_INFINITY && to !== wanted))
    throw damaged(`another range came (bytes ${from} to ${to})`);
  if (size !== undefined && total !== undefined && total !== size)
    throw damaged(`its size is ${total} now, not ${size}`);
  return to - from + 1;
}

function isWhole(range: ByteRange, size: number | undefined): boolean {
  if (range.from !== 0) return false;
  return range.to === undefined || (size !== undefined && range.to >= size - 1);
}

function textOf(headers: ResponseHeaders): string {
  return (header(headers, "content-range") ?? "").trim();
}
