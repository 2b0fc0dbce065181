/** Bytes of the memory for one body, a page of WebAssembly's: most pictures fit. */
export const slotSize = 64 * 1024;

/** Bytes of the largest body. Some bytes behind a body are overwritten when it is hashed. */
export const largestBody = slotSize - 128;
