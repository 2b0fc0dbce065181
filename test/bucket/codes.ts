/** Error codes of the service: the first three digits are the HTTP status. */
const messages = {
  40000003: "need bucket name",
  40001000: "bad request uri",
  40001005: "invalid x-list-iter",
  40001021: "uri is not utf-8",
  40001161: "invalid range",
  40100001: "need date header",
  40100002: "date offset error",
  40100003: "unknown sign algorithm",
  40100004: "need authorization header",
  40100005: "signature error",
  40100006: "user not exists",
  40100009: "password error",
  40100012: "bucket not exists",
  40100016: "invalid date value",
  40100017: "user need permission",
  40100022: "invalid uri prefix",
  40100023: "invalid uri postfix",
  40100024: "authorization has expired",
  40300014: "invalid x-list-order",
  40300015: "not a file",
  40300028: "file access forbidden",
  40310013: "token check failed",
  40310014: "referer not allowed",
  40400001: "file or directory not found",
  40400002: "Not Profile",
  40500001: "method not allowed",
  40500002: "not an image",
  41600001: "range not satisfiable",
  41610001: "several range headers",
  41610002: "several range sections",
  41610003: "illegal range",
  42900001: "too many requests",
  42900002: "too many requests of the same uri",
  42900004: "request banned",
  50000000: "internal error",
  50200000: "bad gateway",
  50300028: "read from store failed",
  50300044: "list failed",
} as const;

export type ErrorCode = keyof typeof messages;

export function statusOf(code: ErrorCode): number {
  return Math.floor(code / 100_000);
}

let lastRequestId = 0;

/** The body of an error: REST writes `code` as a number, the public domain as a text. */
export function errorBody(code: ErrorCode, writer: "rest" | "domain"): string {
  const id = (++lastRequestId).toString(16).padStart(32, "0");
  return JSON.stringify({ msg: messages[code], code: writer === "rest" ? code : String(code), id });
}
