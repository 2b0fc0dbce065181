import { NameError, type ObjectKey, refusal } from "@brigade/core";
import type { Traits } from "../identity/traits.ts";
import { joinPieces, splitPart } from "./long-names.ts";
import { cutBeforeDevice, escapePortable, unmarkCapitals } from "./portable.ts";

/*
 * How keys become paths. Ordinary names stay as they are. The rare sequence `%~` marks what is
 * ours:
 *
 *   %~<hex>~   the character with this code point (so a literal `%~` is written `%~25~~`)
 *   …%~+       a folder whose name goes on in the name below it (the part was too long)
 *   …%~d       a folder, named so because a file lies under its own name
 *   …%~f       a file, named so because a folder lies under its own name
 *   %~u<hex>~  which letters are capitals, in portable names (`portable.ts`)
 *
 * A literal `%~` never survives, so no key can look like a mark, and no two keys share a path.
 */

/** Added to a part whose name is taken by the other kind. */
export type Mark = "" | "%~d" | "%~f";

const longestMark = "%~d".length;
const ordinary = /^[\w ,+=@()[\]{}!#$&';^-][\w .,+=@()[\]{}!#$&';^-]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what such file systems refuse
const refusedSomewhere = /[\u0001-\u001f\u007f"*:<>?\\|]|[. ]$/g;
const reservedWords = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
/** Upper case, and all beyond ASCII: what a file system may fold or normalise. */
const foldable = /[A-Z]|[^\0-\x7f]/gu;

/**
 * Returns a key's path below `<volume>/<source>/`, if nothing stands in the way. Throws NameError.
 */
export function mapKey(key: ObjectKey, traits: Traits): string {
  return key
    .split("/")
    .map((part) => mapPart(part, traits))
    .join("/");
}

/** Returns the key whose path this is. */
export function unmapPath(path: string): ObjectKey {
  return joinPieces(path.split("/"))
    .map((part) => unmarkCapitals(part.replace(/%~[df]$/, ""), unescapePart))
    .join("/");
}

/**
 * Returns one part of a key as a name; as several with slashes between them if it is too long for
 * one. Throws NameError.
 */
export function mapPart(part: string, traits: Traits, mark: Mark = ""): string {
  const why = refusal(part);
  if (why !== undefined) throw new NameError(why);
  const { nameMax, names, asciiOnly = false } = traits;
  if (names === undefined) return splitPart(escapePart(part, traits) + mark, nameMax);
  const escaped = escapePortable(part, nameMax - longestMark, asciiOnly) + mark;
  return splitPart(escaped, nameMax, cutBeforeDevice);
}

function escapePart(part: string, traits: Traits): string {
  if (traits.caseSensitive && traits.anyCharacter && ordinary.test(part)) return part;
  let escaped = part.replaceAll("%~", "%~25~~");
  if (part.toLowerCase() === ".brigade") escaped = escapeFirst(part);
  if (!traits.anyCharacter) {
    escaped = escaped.replace(refusedSomewhere, escapeCharacter).replace(reservedWords, escapeFirst);
  }
  return traits.caseSensitive ? escaped : escaped.replace(foldable, escapeCharacter);
}

function escapeFirst(text: string): string {
  return escapeCharacter(text.slice(0, 1)) + text.slice(1);
}

function escapeCharacter(character: string): string {
  return `%~${character.codePointAt(0)?.toString(16)}~`;
}

function unescapePart(part: string): string {
  return part.replace(/%~([0-9a-f]{1,6})~/g, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}
