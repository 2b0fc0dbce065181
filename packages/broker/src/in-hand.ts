/**
 * Bytes of bodies that one consumer handles at once, beside its prefetch. One delivery is always
 * handled, whatever its size. Decoded, a body takes about six times its size in memory.
 */
export const mostBytesInHand = 8 * 2 ** 20;
