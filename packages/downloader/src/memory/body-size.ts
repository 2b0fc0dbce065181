/**
 * Bodies up to this many bytes are collected in memory. Larger ones go to the disk as they come.
 */
export const smallBody = 1024 * 1024;

/** Bytes that an object is assumed to have if its listing has no size. */
export const presumedSize = 256 * 1024;

/** Returns the bytes of an object that are in memory at once. */
export function bytesInMemory({ size = presumedSize }: { readonly size?: number | undefined }): number {
  return Math.min(size, smallBody);
}
