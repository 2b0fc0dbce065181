import { header, type ResponseHeaders } from "./response.ts";

/** Endings of files that are stored in this compression. */
const compressedNames: Readonly<Record<string, RegExp>> = {
  gzip: /\.(t?gz|taz|svgz|bgz|emz|wmz|z|gzip)$/i,
  compress: /\.(z|taz)$/i,
  br: /\.br$/i,
  zstd: /\.t?zst$/i,
  bzip2: /\.t?bz2?$/i,
  xz: /\.t?xz$/i,
};

/** Returns the value of Content-Encoding, in lower case; `undefined` if nothing is compressed. */
export function contentCoding(headers: ResponseHeaders): string | undefined {
  const value = headers["content-encoding"];
  if (value === undefined) return undefined;
  const encoding = (typeof value === "string" ? value : value.join(", ")).trim().toLowerCase();
  return encoding === "" || encoding === "identity" ? undefined : encoding.slice(0, 40);
}

/** Some servers mark `a.tar.gz` as compressed with gzip, and send it as it is stored. */
export function isStoredCompressed(name: string, coding: string): boolean {
  const pattern = compressedNames[coding.replace(/^x-/, "")];
  return pattern?.test(name) === true;
}

/**
 * Returns whether the length in the headers is that of the compressed bytes, and not the file's.
 */
export function isCompressedForUs(headers: ResponseHeaders, name: string): boolean {
  const coding = contentCoding(headers);
  if (coding === undefined) return false;
  return !isStoredCompressed(name, coding) || header(headers, "content-length") === undefined;
}
