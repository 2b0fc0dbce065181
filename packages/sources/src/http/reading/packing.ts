import { header, type ResponseHeaders } from "../exchange.ts";

/** Names of files that are stored so packed. */
const packedNames: Readonly<Record<string, RegExp>> = {
  gzip: /\.(t?gz|taz|svgz|bgz|emz|wmz|z|gzip)$/i,
  compress: /\.(z|taz)$/i,
  br: /\.br$/i,
  zstd: /\.t?zst$/i,
  bzip2: /\.t?bz2?$/i,
  xz: /\.t?xz$/i,
};

/** Content-Encoding, where it says more than nothing. */
export function packingOf(headers: ResponseHeaders): string | undefined {
  const value = headers["content-encoding"];
  if (value === undefined) return undefined;
  const encoding = (typeof value === "string" ? value : value.join(", ")).trim().toLowerCase();
  return encoding === "" || encoding === "identity" ? undefined : encoding.slice(0, 40);
}

/** Of `a.tar.gz` some servers say that it comes packed with gzip, and send it as it is stored. */
export function isStoredPacked(name: string, packing: string): boolean {
  const pattern = packedNames[packing.replace(/^x-/, "")];
  return pattern?.test(name) === true;
}

/** Whether the length that the headers tell is that of what was packed for us, and not the file's. */
export function isPackedForUs(headers: ResponseHeaders, name: string): boolean {
  const packing = packingOf(headers);
  if (packing === undefined) return false;
  return !isStoredPacked(name, packing) || header(headers, "content-length") === undefined;
}
