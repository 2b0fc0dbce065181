import { createHash } from "node:crypto";
import type { ErrorCode } from "./codes.ts";
import type { DomainOptions } from "./options.ts";
import type { Target } from "./target.ts";

/** Returns why the public domain refuses a request, or `undefined`. `now` in Unix milliseconds. */
export function domainRefusal(
  { decoded, query }: Target,
  referer: string | undefined,
  { referers, emptyReferer = true, tokenSecret }: DomainOptions,
  now: number,
): ErrorCode | undefined {
  if (referers && !refererAllowed(referer, referers, emptyReferer)) return 40310014;
  if (tokenSecret === undefined) return undefined;
  const token = new URLSearchParams(query).get("_upt") ?? "";
  const etime = token.slice(8);
  const valid =
    token === domainToken(tokenSecret, Number(etime), `/${decoded}`) && Number(etime) * 1000 > now;
  return valid ? undefined : 40310013;
}

/**
 * The value of `_upt`: digits 12 to 19 of md5(secret & etime & decoded path), then etime in Unix
 * seconds.
 */
export function domainToken(secret: string, etime: number, decodedPath: string): string {
  const digest = createHash("md5").update(`${secret}&${etime}&${decodedPath}`).digest("hex");
  return `${digest.slice(12, 20)}${etime}`;
}

function refererAllowed(referer: string | undefined, allowed: readonly string[], empty: boolean): boolean {
  if (!referer) return empty;
  return allowed.some((pattern) => {
    const literal = pattern.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
    return new RegExp(`^(https?://)?${literal.join(".*")}(/.*)?$`, "i").test(referer);
  });
}
