/**
 * Bytes of the largest body that comes in the short way: it fits into a slot of 64 KiB, with the bytes
 * behind it that are overwritten when it is hashed.
 */
export const largestBody = 64 * 1024 - 128;
