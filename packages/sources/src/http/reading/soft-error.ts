import { SourceError } from "@brigade/core";
import { type HttpResponse, header, type ResponseHeaders } from "./response.ts";

/** The number of first bytes of a body that are enough to recognise a page. */
export const sniffedBytes = 512;

/**
 * Extensions under which servers send HTML: of pages, of programs that write pages, and ends of
 * host names.
 */
const pages =
  /^(x?html?|xht|[dsjp]html?|php\d?|aspx?|ashx|jspx?|cfm|f?cgi|pl|do|action|mht|mhtml|hta|htc|wiki|com|net|org)$/i;
/** Extensions of files that never begin with markup, with any type from the server. */
const binary =
  /\.(jpe?g|jfif|png|gif|webp|bmp|tiff?|avif|hei[cf]|ico|psd|cr2|nef|dng|raw|mp[34]|m4[av]|mov|avi|mkv|webm|wmv|flv|mpe?g|flac|og[gv]|opus|wav|aac|zip|jar|apk|t?gz|bz2|tbz2?|t?xz|7z|rar|zst|br|lz4|tar|iso|img|bin|dat|exe|dll|msi|dmg|deb|rpm|whl|pdf|docx|xlsx|pptx|epub|mobi|djvu|woff2?|ttf|otf|eot|parquet|sqlite3?|db|npy|npz|h5|hdf5|pkl|safetensors|gguf|wasm|class|so|o)$/i;
const html = /^\s*(text\/html|application\/xhtml\+xml)\b/i;
const markup =
  /^<(!doctype\s+html|html|head|body|title|meta|link|script|style|iframe|h[1-6]|div|p|a|b|br|font|table|center|form|span)[\s>/]|^<!--|^<\?xml\b.*<html[\s>]/is;

/**
 * Why an answer looks like a page: `declared` by its type, or `possible`, which its bytes will
 * show.
 */
export type Suspicion = "declared" | "possible";

/** Returns whether this name shows that the file is not HTML. */
function namesOther(name: string): boolean {
  const [, extension] = /\.(?=\d*[a-z])([a-z0-9]{1,12})$/i.exec(name) ?? [];
  return extension !== undefined && !pages.test(extension);
}

/**
 * Returns whether an answer for the file `name` may be a page in its place, such as a login or
 * error page.
 */
export function suspicionOf(headers: ResponseHeaders, name: string): Suspicion | undefined {
  if (html.test(header(headers, "content-type") ?? "")) return namesOther(name) ? "declared" : undefined;
  return binary.test(name) ? "possible" : undefined;
}

/** Returns whether these first bytes (at most `sniffedBytes`) are a page's. */
function isPage(first: Uint8Array, suspicion: Suspicion): boolean {
  const [byte] = first;
  if (byte === undefined) return false;
  // Most files need no further check.
  if (suspicion === "possible" && byte > 0x20 && byte !== 0x3c && byte !== 0xef) return false;
  const text = Buffer.from(first.buffer, first.byteOffset, Math.min(first.byteLength, sniffedBytes)).toString(
    "latin1",
  );
  // Some programs send files without setting their type, which is then HTML.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what text does not have
  if (suspicion === "declared") return !/[\0-\x08\x0e-\x1a\x1c-\x1f]|^%PDF-/.test(text);
  return markup.test(text.replace(/^(\xef\xbb\xbf)?\s*/, ""));
}

/** Throws if these first bytes are a page's. `what`: the file, for the error. */
export function assertNoPage(first: Uint8Array, suspicion: Suspicion, what: string): void {
  if (isPage(first, suspicion)) throw softError(what);
}

/**
 * Returns the error for a soft error: a page that came with the status of success, in the place of
 * the file. See `cameInPlace`.
 */
export function softError(what: string, how = "an HTML page came in place of the file"): SourceError {
  return new SourceError("forbidden", `${what}: ${how}`, { status: 200 });
}

/** Returns whether a redirect from `asked` to `answered` ended at a page in place of the file. */
export function isRedirectToPage(asked: URL, answered: URL, { headers }: HttpResponse): boolean {
  return answered.href !== asked.href && suspicionOf(headers, asked.pathname) === "declared";
}
