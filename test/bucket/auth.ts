import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ErrorCode } from "./codes.ts";

export interface Account {
  readonly operator: string;
  readonly password: string;
}

export type AuthScheme = "signature" | "basic" | "token";

/** The parts of a request that are signed. */
export interface SignedRequest {
  readonly method: string;
  /** The raw request target, query included. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** A signature is good for this long from its date, either way. */
const toleranceMs = 30 * 60 * 1000;
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT$/;

/** Base64(HMAC-SHA1(md5hex(password), parts joined by `&`)). */
export function signatureOf(password: string, parts: readonly string[]): string {
  return createHmac("sha1", md5Hex(password)).update(parts.join("&")).digest("base64");
}

let lastPassword: readonly [password: string, md5: string] = ["", ""];

function md5Hex(password: string): string {
  if (lastPassword[0] !== password || lastPassword[1] === "") {
    lastPassword = [password, createHash("md5").update(password).digest("hex")];
  }
  return lastPassword[1];
}

/** Returns the reason to refuse a REST request, or `undefined`. */
export function refusalOf(
  request: SignedRequest,
  account: Account,
  schemes: readonly AuthScheme[],
  now: number,
): ErrorCode | undefined {
  const { authorization } = request.headers;
  if (!authorization) return 40100004;
  const space = authorization.indexOf(" ");
  const scheme = authorization.slice(0, space).toLowerCase();
  const credentials = authorization.slice(space + 1);
  if (scheme === "basic") return schemes.includes("basic") ? basicRefusal(credentials, account) : 40100003;
  if (scheme !== "upyun") return 40100003;

  const colon = credentials.indexOf(":");
  if (credentials.slice(0, colon) !== account.operator) return 40100006;
  const signature = credentials.slice(colon + 1);
  const delegated = request.headers["x-upyun-expire"] !== undefined;
  if (delegated && schemes.includes("token")) return tokenRefusal(request, signature, account, now);
  if (!schemes.includes("signature")) return 40100003;
  return signatureRefusal(request, signature, account, now);
}

function basicRefusal(credentials: string, account: Account): ErrorCode | undefined {
  const text = Buffer.from(credentials, "base64").toString();
  const colon = text.indexOf(":");
  if (text.slice(0, colon) !== account.operator) return 40100006;
  return text.slice(colon + 1) === account.password ? undefined : 40100009;
}

function signatureRefusal(
  { method, target, headers }: SignedRequest,
  signature: string,
  { password }: Account,
  now: number,
): ErrorCode | undefined {
  // Which one counts when both are sent is not documented: either may be the signed one.
  const dates = [header(headers, "x-date"), header(headers, "date")].filter((date) => date !== undefined);
  if (dates.length === 0) return 40100001;
  if (dates.some((date) => !httpDate.test(date) || Number.isNaN(Date.parse(date)))) return 40100016;
  if (dates.every((date) => Math.abs(now - Date.parse(date)) > toleranceMs)) return 40100002;

  const digest = header(headers, "content-md5");
  const path = target.split("?", 1)[0] ?? target;
  const targets = path === target ? [target] : [target, path];
  for (const uri of targets) {
    for (const date of dates) {
      const parts = [method, uri, date, ...(digest ? [digest] : [])];
      if (signatureOf(password, parts) === signature) return undefined;
    }
  }
  return 40100005;
}

/** A token allows anyone to make requests of one method under a prefix until it expires. */
function tokenRefusal(
  { method, target, headers }: SignedRequest,
  token: string,
  { password }: Account,
  now: number,
): ErrorCode | undefined {
  const expire = header(headers, "x-upyun-expire") ?? "";
  const prefix = header(headers, "x-upyun-uri-prefix");
  const postfix = header(headers, "x-upyun-uri-postfix");
  const limits = [prefix, postfix].filter((part) => part !== undefined);
  if (signatureOf(password, [method, ...limits, expire]) !== token) return 40100005;
  const path = target.split("?", 1)[0] ?? target;
  if (prefix !== undefined && !path.startsWith(prefix)) return 40100022;
  if (postfix !== undefined && !path.endsWith(postfix)) return 40100023;
  return Number(expire) * 1000 > now ? undefined : 40100024;
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
