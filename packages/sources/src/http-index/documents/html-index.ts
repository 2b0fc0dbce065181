import { SourceError } from "@brigade/core";
import { inTurns } from "../../pages/in-turns.ts";
import { NumberedTexts } from "../../pages/numbered-texts.ts";
import { Spool } from "../../pages/spool.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { readsTwoAsOne } from "../doubts/two-as-one.ts";
import { IndexedDirectory } from "../site/indexed-directory.ts";
import { type Anchor, type Astray, readLink } from "../site/link.ts";
import type { Listed } from "../site/listed.ts";
import { Entries } from "./entries.ts";
import { type HtmlPage, readHtmlPage } from "./html-page.ts";

/** nginx, with exact sizes: `</a>   27-Nov-2026 23:28      12345`. */
const nginxRow = /^\s+(\d{2})-([A-Z][a-z]{2})-(\d{4}) (\d{2}):(\d{2})\s+(\d+)\s*$/;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export interface HtmlIndexOf {
  readonly asked: URL;
  /** The URL after redirects; it ends with a slash. */
  readonly answered: URL;
  /** HTTP marks the end of the page. */
  readonly isDelimited: boolean;
}

/**
 * Returns the entries of an HTML index page: its links to entries directly in this directory. Sizes
 * and times are included only if they are exact, to the minute: nginx's. `undefined` if the page is
 * no index. Throws SourceError if the page is not complete.
 */
export async function parseHtmlIndex(
  pieces: AsyncIterable<string>,
  of: HtmlIndexOf,
  folder: StateFolder,
): Promise<Entries | undefined> {
  const page = await readHtmlPage(pieces, folder);
  using _ = page.anchors;
  if (!page.isIndex) return undefined;
  if (page.isCut) throw new SourceError("bad-listing", "the index page ends in the middle");
  if (!of.isDelimited && !page.isClosed)
    throw new SourceError("bad-listing", "nothing proves that the index page is complete");
  return await entriesOf(page, new IndexedDirectory(of.asked, of.answered, page.base), folder);
}

/**
 * An entry, by its link and not by its name: several names may be unreadable, and a file and a
 * directory may share one.
 */
interface Candidate {
  readonly key: string;
  readonly entry: Listed;
}

async function entriesOf(page: HtmlPage, directory: IndexedDirectory, folder: StateFolder): Promise<Entries> {
  const isEscaped = page.isEscaped && !(await readsTwoAsOne(page.anchors, directory));
  using named = new Spool<Listed>(folder);
  const best = new Best(page.anchors.length);
  let astray = 0;
  for await (const anchor of inTurns(page.anchors)) {
    const meaning = meaningOf(anchor, directory, isEscaped);
    if (meaning === undefined) continue;
    if (!("named" in meaning)) best.add(meaning);
    else {
      astray++;
      if (meaning.named !== undefined) named.push(meaning.named);
    }
  }
  if (best.isEmpty && astray > 0) return await collect(namedBy(named, astray), folder);
  const found = bestOf(page.anchors, best, (anchor) => meaningOf(anchor, directory, isEscaped));
  return await collect(withoutRepeats(found, page.anchors.length), folder);
}

function meaningOf(
  anchor: Anchor,
  directory: IndexedDirectory,
  isEscaped: boolean,
): Candidate | Astray | undefined {
  const meaning = readLink(anchor, directory, isEscaped);
  if (meaning === undefined || "named" in meaning) return meaning;
  return { key: keyOf(anchor), entry: { ...meaning, ...rowOf(anchor, meaning) } };
}

/** Reads the links once more, because they may be too many to be kept. */
function* bestOf(
  anchors: Iterable<Anchor>,
  best: Best,
  read: (anchor: Anchor) => Candidate | Astray | undefined,
): Generator<Listed, void, void> {
  for (const anchor of anchors) {
    const meaning = read(anchor);
    if (meaning === undefined || "named" in meaning) continue;
    const entry = best.take(meaning);
    if (entry !== undefined) yield entry;
  }
}

async function collect(found: Iterable<Listed>, folder: StateFolder): Promise<Entries> {
  using unused = new DisposableStack();
  const entries = unused.use(new Entries(folder));
  for await (const entry of inTurns(found)) entries.add(entry);
  unused.move();
  return entries;
}

function keyOf({ href, text, isTorn }: Anchor): string {
  return isTorn ? text : href.replace(/^\.\//, "");
}

/**
 * No link leads into the directory: the server may have another path for it, and then the names of
 * the links are right.
 */
function namedBy(named: Spool<Listed>, astray: number): Iterable<Listed> {
  if (named.length > 0) return withoutRepeats(named, named.length, true);
  throw new SourceError(
    "forbidden",
    `none of the index page's ${astray} links leads into this directory, and it may not be empty`,
  );
}

/**
 * Of several links to one entry (icons may be links too) the first counts, unless a later one has
 * more details.
 */
class Best {
  /**
   * By key: the number of the candidate, from 1; with it, whether a size is known, and whether it
   * is a guess.
   */
  readonly #seen: NumberedTexts;
  #added = 0;
  #taken = 0;

  constructor(most: number) {
    this.#seen = new NumberedTexts(most);
  }

  get isEmpty(): boolean {
    return this.#added === 0;
  }

  add({ key, entry: { size, guess } }: Candidate): void {
    const known = this.#seen.get(key);
    const [sized, guessed] = [size === undefined ? 0 : 1, guess === undefined ? 0 : 1];
    const isBetter =
      known === undefined || ((known & 1) === 0 && sized === 1) || ((known & 2) !== 0 && guessed === 0);
    this.#added++;
    if (isBetter) this.#seen.set(key, this.#added * 4 + guessed * 2 + sized);
  }

  /**
   * Returns the entry, if it is the best; candidates come in the order in which they were added.
   * `a.txt?download=1` beside `a.txt` is an action on that file, unless the server has such a name.
   */
  take({ key, entry }: Candidate): Listed | undefined {
    this.#taken++;
    if (Math.floor((this.#seen.get(key) ?? 0) / 4) !== this.#taken) return undefined;
    const plain = key.replace(/[?#].*$/s, "");
    const isAction =
      entry.guess === "name" && plain !== key && plain !== "" && this.#seen.get(plain) !== undefined;
    return isAction ? { ...entry, guess: "link" } : entry;
  }
}

/**
 * Links that certainly name the same are one entry, in any spelling. `all`: uncertain ones, too.
 */
function* withoutRepeats(entries: Iterable<Listed>, most: number, all = false): Generator<Listed> {
  const names = new NumberedTexts(most);
  for (const entry of entries) {
    const name = entry.name + (entry.isDirectory && !all ? "/" : "");
    const isSure = all || (entry.guess === undefined && name.isWellFormed());
    if (isSure && names.get(name) !== undefined) continue;
    if (isSure) names.set(name, 1);
    yield entry;
  }
}

function rowOf({ tail }: Anchor, { isDirectory }: Listed): { size: number; modified: number } | undefined {
  if (isDirectory) return undefined;
  const [, day, month = "", year, hour, minute, size] = nginxRow.exec(tail) ?? [];
  if (size === undefined || !months.includes(month)) return undefined;
  const at = Date.UTC(Number(year), months.indexOf(month), Number(day), Number(hour), Number(minute));
  return { size: Number(size), modified: at / 1000 };
}
