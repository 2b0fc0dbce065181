import { assertRequestable } from "../http/requests/encode.ts";
import { keyOfUrl } from "./key-of-url.ts";

/** The contents of a line of a list. */
export interface ListLine {
  readonly key: string;
  readonly url: string;
  /** Bytes. */
  readonly size?: number | undefined;
  /** 32 lower-case hex digits. */
  readonly md5?: string | undefined;
}

/**
 * A line names nothing that can be fetched. The message says why, and quotes nothing of the line:
 * it may have a password in it.
 */
export class LineError extends Error {
  override readonly name = "LineError";
}

/**
 * `url`, or `key<TAB>url[<TAB>size[<TAB>md5]]`; size and MD5 may be empty. Returns `undefined` for
 * a blank line or a comment (`#` first, and no tab). Throws LineError.
 */
export function parseLine(text: string): ListLine | undefined {
  const line = text.replace(/\r$/, "");
  const fields = line.split("\t");
  if (fields.length === 1) {
    const only = line.trim();
    if (only === "" || only.startsWith("#")) return undefined;
    const url = parseUrl(only);
    return { key: checkedKey(keyOfUrl(url)), url: url.href };
  }
  const [key = "", url = "", size = "", md5 = ""] = fields;
  if (fields.length > 4) throw new LineError("more than key, URL, size and MD5, between tabs");
  if (size !== "" && !/^\d{1,15}$/.test(size)) throw new LineError("its size is no number of bytes");
  if (md5 !== "" && !/^[0-9a-f]{32}$/i.test(md5)) throw new LineError("its MD5 is not 32 hex digits");
  return {
    key: checkedKey(key),
    url: parseUrl(url.trim()).href,
    ...(size !== "" && { size: Number(size) }),
    ...(md5 !== "" && { md5: md5.toLowerCase() }),
  };
}

function parseUrl(text: string): URL {
  // `URL` would read each byte as another letter.
  if (!text.isWellFormed()) throw new LineError("its URL is not UTF-8: percent-escape such bytes (%E9)");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new LineError("no http:// or https:// URL");
  url.hash = "";
  return url;
}

function checkedKey(key: string): string {
  if (key === "") throw new LineError("its key is empty");
  if (!key.isWellFormed()) throw new LineError("its key is not UTF-8");
  try {
    assertRequestable(key);
  } catch (error) {
    const why = "an empty part, . or .., or a NUL is in it";
    throw new LineError(`its key cannot be stored: ${why}`, { cause: error });
  }
  return key;
}
