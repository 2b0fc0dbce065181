import { header, type ResponseHeaders } from "./response.ts";

/** Which bytes a 206 holds, both ends included. */
export interface ContentRange {
  readonly from: number;
  readonly to: number;
  /** Bytes of the whole; `undefined` if the server does not tell (`*`). */
  readonly total: number | undefined;
}

/** Returns `undefined` if there is no Content-Range, or none that can be read. */
export function contentRange(headers: ResponseHeaders): ContentRange | undefined {
  const [, from, to, total] = /^bytes\s+(\d+)-(\d+)\/(\d+|\*)$/i.exec(textOf(headers)) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return { from: Number(from), to: Number(to), total: total === "*" ? undefined : Number(total) };
}

/** As `contentRange`; `undefined` also if the total is not told. */
export function completeRange(
  headers: ResponseHeaders,
): { from: number; to: number; total: number } | undefined {
  const range = contentRange(headers);
  return range?.total === undefined ? undefined : { ...range, total: range.total };
}

/** Returns the length of the whole that a 416 tells, in bytes; `undefined` if it does not. */
export function unsatisfiedTotal(headers: ResponseHeaders): number | undefined {
  const [, total] = /^bytes\s+\*\/(\d+)$/i.exec(textOf(headers)) ?? [];
  return total === undefined ? undefined : Number(total);
}

function textOf(headers: ResponseHeaders): string {
  return (header(headers, "content-range") ?? "").trim();
}
