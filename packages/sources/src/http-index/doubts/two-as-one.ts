import { inTurns } from "../../pages/in-turns.ts";
import { NumberedTexts } from "../../pages/numbered-texts.ts";
import type { IndexedDirectory } from "../site/indexed-directory.ts";
import type { Anchor } from "../site/link.ts";
import { isSpelled, lastOf, readLink } from "../site/link.ts";

/**
 * Finds two links of a page that looks percent-escaped which would name one thing, and by their
 * texts name two: `%41` beside `A`. Then the page escapes nothing.
 */
export async function readsTwoAsOne(
  anchors: Iterable<Anchor>,
  directory: IndexedDirectory,
): Promise<boolean> {
  let most = 0;
  for await (const anchor of inTurns(anchors)) if (isSpelled(anchor)) most++;
  if (most === 0) return false;
  const hrefs = new NumberedTexts(most);
  /** By what they are read as: the number of the href. */
  const names = new NumberedTexts(most);
  let added = 0;
  for await (const anchor of inTurns(anchors)) {
    const name = isSpelled(anchor) ? nameOf(anchor, directory) : undefined;
    if (name === undefined) continue;
    const href = lastOf(anchor.href);
    const number = hrefs.get(href) ?? ++added;
    if ((names.get(name) ?? number) !== number) return true;
    hrefs.set(href, number);
    names.set(name, number);
  }
  for await (const anchor of inTurns(anchors)) {
    const name = isSpelled(anchor) ? undefined : nameOf(anchor, directory, true);
    const number = name === undefined ? undefined : names.get(name);
    if (number !== undefined && number !== hrefs.get(lastOf(anchor.href))) return true;
  }
  return false;
}

/**
 * Returns the name that a link is read as; `undefined` if it is no entry, or, with `surely`, if its
 * text does not agree.
 */
function nameOf(anchor: Anchor, directory: IndexedDirectory, surely = false): string | undefined {
  const meaning = readLink(anchor, directory, true);
  if (meaning === undefined || "named" in meaning) return undefined;
  const { name, isDirectory, guess, problem } = meaning;
  if (problem !== undefined || (surely && guess !== undefined)) return undefined;
  return isDirectory ? `${name}/` : name;
}
