import type { DirectServer } from "@brigade/core";
import { contentCoding } from "../http/reading/content-coding.ts";
import { md5OfStore, md5OfWeb } from "../http/reading/digests.ts";
import { lastModified } from "../http/reading/last-modified.ts";
import { header, type ResponseHeaders } from "../http/reading/response.ts";
import { assertNoPage, suspicionOf } from "../http/reading/soft-error.ts";

/** An object as it was listed: bytes, and Unix seconds. */
interface Listed {
  readonly key: string;
  readonly size: number;
  readonly modified: number;
}

/** How an answer is checked that is simply the expected object. */
export interface Acceptance {
  /** 32 lower-case hex digits; `undefined` if the server gives none. */
  readonly md5: string | undefined;
  /** The first bytes may be those of a page in place of the object. */
  readonly mayBePage: boolean;
}

/**
 * Returns `undefined` for each answer that is in any way out of the ordinary: the usual way judges
 * it. Status, size, date, encoding and type are as the listing has them, or missing.
 */
export function acceptanceOf(
  adapter: DirectServer["adapter"],
  answer: { readonly status: number; readonly headers: ResponseHeaders },
  object: Listed,
): Acceptance | undefined {
  const { status, headers } = answer;
  if (status !== 200 || header(headers, "content-length") !== `${object.size}`) return undefined;
  if (headers["transfer-encoding"] !== undefined || contentCoding(headers) !== undefined) return undefined;
  if (headers["x-upyun-list-iter"] !== undefined || !isOfListedDate(adapter, headers, object))
    return undefined;
  const md5 = adapter === "upyun" ? md5OfStore(headers) : md5OfWeb(headers);
  // UpYun's digest proves more than first bytes.
  if (adapter === "upyun" && md5 !== undefined) return { md5, mayBePage: false };
  const suspicion = suspicionOf(headers, object.key);
  return suspicion === "declared" ? undefined : { md5, mayBePage: suspicion === "possible" };
}

/** Returns whether the first bytes of a body are those of a page. */
export function isSoftError(first: Uint8Array, key: string): boolean {
  try {
    assertNoPage(first, "possible", key);
    return false;
  } catch {
    return true; // the usual way reports it
  }
}

function isOfListedDate(
  adapter: DirectServer["adapter"],
  headers: ResponseHeaders,
  { modified }: Listed,
): boolean {
  const found = lastModified(headers);
  if (found === undefined || found === modified) return true;
  // Some index pages have minutes only.
  return adapter === "web" && modified === found - (found % 60);
}
