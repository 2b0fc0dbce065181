import { characterStart } from "./long-names.ts";

/*
 * Names that every common file system holds: exFAT, NTFS, what SMB shows of others, APFS. The tree
 * can be copied to any of these, and no two names become one. Beside the marks of `names.ts`:
 *
 *   %~u<hex>~  which of the name's letters A to Z are capitals: bit i of digit i>>2 is for letter i,
 *              least significant first. It stands before the extension. The letters themselves stay,
 *              for people: IMG_1.JPG becomes IMG_1%~uf3~.JPG
 *
 * A file system that folds cases compares the mark as well, so `a` and `A` stay two names.
 */

/** No capitals, no mark of ours, no blank or dot at the end. */
const ordinary = /^(?!\.)[\w .,+=@()[\]{}!#$&';^-]*[\w,+=@()[\]{}!#$&';^-]$/;
const capital = /[A-Z]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what such file systems refuse
const refused = /[\u0001-\u001f\u007f"*:<>?\\|]|[. ]$/g;
/** Names of devices on Windows, also with an extension, also with blanks before it. */
const device = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$|clock\$)(?= *(\.|$))/i;
/** Windows gives such names itself, to files whose names are longer: PHOTOG~1.JPG. */
const shortName = /^(?=[^.]{1,8}(?:\.|$))([^.]{0,6}~)(\d{1,6})(?=(?:\.[^.]{0,3})?$)/;
const beyondAscii = /[^\0-\x7f]/gu;
const extension = /\.[A-Za-z0-9]{1,10}$/;
const mark = /%~u([0-9a-f]+)~/;

/**
 * Returns a part of a key as a portable name, without the marks for what is in its way. `nameMax`:
 * bytes that a name may have. `asciiOnly`: as in Traits.
 */
export function escapePortable(part: string, nameMax: number, asciiOnly: boolean): string {
  if (ordinary.test(part) && !capital.test(part) && !device.test(part)) return part;
  let escaped = part.replaceAll("%~", "%~25~~");
  if (part.toLowerCase() === ".brigade") escaped = escapeFirst(escaped);
  escaped = escaped
    .replace(device, escapeFirst)
    .replace(refused, escapeCharacter)
    .replace(beyondAscii, (character) =>
      !asciiOnly && isKept(character) ? character : escapeCharacter(character),
    )
    .replace(shortName, (_, name: string, number: string) => name + escapeAll(number));
  if (!capital.test(part)) return escaped;
  const marked = withMark(escaped, capitalsOf(part));
  // The pieces of a long name are folders by themselves, without the mark.
  return Buffer.byteLength(marked) <= nameMax ? marked : escaped.replace(/[A-Z]/g, escapeCharacter);
}

/** Returns what `decode` makes of the name, with its capitals again. */
export function unmarkCapitals(name: string, decode: (text: string) => string): string {
  const [whole, hex] = mark.exec(name) ?? [];
  if (whole === undefined || hex === undefined) return decode(name);
  let letter = 0;
  return decode(name.replace(whole, "")).replace(/[A-Za-z]/g, (character) => {
    const digit = Number.parseInt(hex[letter >> 2] ?? "0", 16);
    const isCapital = ((digit >> (letter & 3)) & 1) === 1;
    letter++;
    return isCapital ? character.toUpperCase() : character.toLowerCase();
  });
}

/**
 * Whether the rest of a name that is cut there would be a device: then it is to be cut one
 * character before.
 */
export function cutBeforeDevice(text: Buffer, cut: number): number {
  return device.test(text.toString("utf8", cut, cut + 16)) ? characterStart(text, cut - 1) : cut;
}

/** The capitals among the letters A to Z, as in the mark. */
function capitalsOf(part: string): string {
  const digits: number[] = [];
  let letter = 0;
  for (const character of part.match(/[A-Za-z]/g) ?? []) {
    const at = letter >> 2;
    digits[at] = (digits[at] ?? 0) | (Number(character < "a") << (letter & 3));
    letter++;
  }
  return digits
    .map((digit) => digit.toString(16))
    .join("")
    .replace(/0+$/, "");
}

function withMark(escaped: string, capitals: string): string {
  const end = extension.exec(escaped);
  const at = end === null || end.index === 0 ? escaped.length : end.index;
  return `${escaped.slice(0, at)}%~u${capitals}~${escaped.slice(at)}`;
}

/** By character beyond ASCII; emptied when it is full. */
const kept = new Map<string, boolean>();
const mostKept = 10_000;

/**
 * Whether no file system makes another character of this one, alone or with its neighbours. Capitals
 * are escaped and small letters are not, so they stay apart.
 */
function isKept(character: string): boolean {
  const known = kept.get(character);
  if (known !== undefined) return known;
  if (kept.size >= mostKept) kept.clear();
  const answer = isStable(character);
  kept.set(character, answer);
  return answer;
}

/** Letters of Hangul syllables: some file systems join them. */
const jamo = /[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/;
const forms = ["NFC", "NFD", "NFKC", "NFKD"] as const;

function isStable(character: string): boolean {
  if (/[\p{M}\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(character) || jamo.test(character))
    return false;
  if (forms.some((form) => character.normalize(form) !== character)) return false;
  return character.toLowerCase() === character && character.toUpperCase().toLowerCase() === character;
}

function escapeFirst(text: string): string {
  return escapeCharacter(text.slice(0, 1)) + text.slice(1);
}

function escapeAll(text: string): string {
  return [...text].map(escapeCharacter).join("");
}

function escapeCharacter(character: string): string {
  return `%~${character.codePointAt(0)?.toString(16)}~`;
}
