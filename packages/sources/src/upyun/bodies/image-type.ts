/** Bytes that decide: enough for every format below. */
export const imageHead = 12;

/**
 * Returns whether these first bytes are a picture's: JPEG, PNG, GIF, WebP, AVIF, HEIC, BMP or TIFF.
 */
export function isImage(bytes: Uint8Array): boolean {
  const text = String.fromCharCode(...bytes.subarray(0, imageHead));
  return (
    text.startsWith("\xff\xd8\xff") ||
    text.startsWith("\x89PNG\r\n\x1a\n") ||
    /^GIF8[79]a/.test(text) ||
    /^RIFF.{4}WEBP/s.test(text) ||
    /^.{4}ftyp(avi[fs]|hei[cxs]|hev[cmx]|mif1|msf1)/s.test(text) ||
    text.startsWith("BM") ||
    text.startsWith("II*\0") ||
    text.startsWith("MM\0*")
  );
}
