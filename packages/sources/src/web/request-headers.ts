import type { ByteRange } from "@brigade/core";
import { crossOriginReferer, isSameOrigin } from "../http/origins/same-origin.ts";
import type { Validator } from "../http/reading/validator.ts";
import type { CookieJar } from "./cookies.ts";

export interface HeaderSettings {
  readonly userAgent: string;
  readonly referer: string | undefined;
  /** Name and value, unchanged from the user. */
  readonly headers: readonly (readonly [string, string])[];
  readonly cookies: CookieJar;
}

/**
 * The headers of a request to `url` as name, value, name, value… Settings of the user for `first`
 * (its user and password, headers, the Referer with its path) are not sent to another origin: that
 * gets the Referer's origin, as from a browser.
 */
export function requestHeaders(
  url: URL,
  first: URL,
  settings: HeaderSettings,
  range?: { readonly bytes: Required<ByteRange>; readonly ifStill: Validator | undefined },
): string[] {
  const isFirst = isSameOrigin(first, url);
  const headers = new Map([
    ["user-agent", settings.userAgent],
    ["accept", "*/*"],
    ["accept-encoding", "identity"],
  ]);
  const referer = isFirst ? settings.referer : crossOriginReferer(settings.referer, url);
  if (referer !== undefined) headers.set("referer", referer);
  if (isFirst && (first.username !== "" || first.password !== "")) headers.set("authorization", basic(first));
  const cookies = [settings.cookies.header(url, first)];
  for (const [name, value] of isFirst ? settings.headers : []) {
    if (name.toLowerCase() === "cookie") cookies.push(value);
    else headers.set(name.toLowerCase(), value);
  }
  const cookie = cookies.filter((one) => one !== undefined).join("; ");
  if (cookie !== "") headers.set("cookie", cookie);
  if (range !== undefined) {
    headers.set("range", `bytes=${range.bytes.from}-${range.bytes.to}`);
    if (range.ifStill !== undefined) headers.set("if-range", range.ifStill.value);
  }
  return [...headers].flat();
}

function basic({ username, password }: URL): string {
  const decoded = `${decode(username)}:${decode(password)}`;
  return `Basic ${Buffer.from(decoded).toString("base64")}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign in a password.
    return text;
  }
}
