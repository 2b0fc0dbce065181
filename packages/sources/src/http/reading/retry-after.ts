import { header, type ResponseHeaders } from "./response.ts";

/**
 * Returns the wait of Retry-After (seconds, or a date) in milliseconds; `undefined` without a
 * usable one. `nowMs`: at the server.
 */
export function retryAfterMs(headers: ResponseHeaders, nowMs: number): number | undefined {
  const value = header(headers, "retry-after");
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
