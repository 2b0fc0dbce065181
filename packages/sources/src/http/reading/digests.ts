import { header, type ResponseHeaders } from "./response.ts";

/**
 * Returns 32 lower-case digits; `undefined` if the text is no MD5 in hexadecimal digits, quoted or
 * not.
 */
export function md5OfHex(text: string | undefined): string | undefined {
  return text === undefined ? undefined : /^"?([0-9a-f]{32})"?$/i.exec(text)?.[1]?.toLowerCase();
}

/**
 * UpYun's: Content-MD5 in hexadecimal digits, or an ETag in the form of an MD5 that is not weak.
 */
export function md5OfStore(headers: ResponseHeaders): string | undefined {
  return md5OfHex(header(headers, "content-md5")) ?? md5OfHex(header(headers, "etag"));
}

/** A web server's: Content-MD5 is 16 bytes in Base64 (RFC 1864). */
export function md5OfWeb(headers: ResponseHeaders): string | undefined {
  const text = header(headers, "content-md5");
  if (text === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(text)) return undefined;
  return Buffer.from(text, "base64").toString("hex");
}
