/** Ends the name of a folder whose name goes on in the name below it. */
const goesOn = "%~+";

/**
 * Bytes that the last piece has at least (less one character), so that it is never `.`, `..` or a
 * mark alone.
 */
const lastPieceMin = 16;

/**
 * Returns a part that fits `nameMax` bytes as it is; a longer one as nested folders, cut between
 * characters. `better`: returns the position at which to cut in place of another one.
 */
export function splitPart(
  part: string,
  nameMax: number,
  better = (_: Buffer, cut: number): number => cut,
): string {
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  if (part.length * 3 <= nameMax || Buffer.byteLength(part) <= nameMax) return part;
  const pieces: string[] = [];
  let rest = Buffer.from(part);
  while (rest.length > nameMax) {
    const fits = Math.min(nameMax - goesOn.length, rest.length - lastPieceMin);
    const cut = better(rest, characterStart(rest, fits));
    pieces.push(rest.toString("utf8", 0, cut) + goesOn);
    rest = rest.subarray(cut);
  }
  pieces.push(rest.toString());
  return pieces.join("/");
}

/** Puts the pieces together again. */
export function joinPieces(pieces: readonly string[]): string[] {
  const parts: string[] = [];
  let begun = "";
  for (const piece of pieces) {
    if (piece.endsWith(goesOn)) {
      begun += piece.slice(0, -goesOn.length);
    } else {
      parts.push(begun + piece);
      begun = "";
    }
  }
  if (begun !== "") parts.push(begun);
  return parts;
}

/** Where the character begins that position `at` lies in: UTF-8 continuation bytes are 10xxxxxx. */
export function characterStart(text: Buffer, at: number): number {
  let start = at;
  while (((text[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
