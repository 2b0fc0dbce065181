/** What a byte that is not UTF-8 is added to. */
const firstLone = 0xdc00;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes of a listing, a list or a disk as text. A byte that is not UTF-8 becomes a lone surrogate
 * (0xE9: U+DCE9). Such a name is refused (`refusal`), and no other: U+FFFD is a letter that was
 * there.
 */
export function textOf(bytes: Uint8Array): string {
  const text = decoded(bytes);
  if (text !== undefined) return text;
  // What is ASCII stays: tabs and line ends keep one bad name from others.
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength)
    .toString("latin1")
    .replaceAll(
      /[\x80-\xff]+/g,
      (run) => decoded(Buffer.from(run, "latin1")) ?? run.replaceAll(/./gs, loneOf),
    );
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The text with its bytes that are not UTF-8 written so: `\xE9`, `%E9`. */
export function escapeLone(text: string, prefix: "\\x" | "%"): string {
  if (text.isWellFormed()) return text;
  return text.replaceAll(/\p{Cs}/gu, (lone) => prefix + hexOf(lone));
}

function loneOf(byte: string): string {
  return String.fromCharCode(firstLone + byte.charCodeAt(0));
}

/**
 * JSON may have escapes of others, which are no bytes: they become some that are not UTF-8 either.
 */
function hexOf(lone: string): string {
  return ((lone.charCodeAt(0) & 0xff) | 0x80).toString(16).toUpperCase();
}
