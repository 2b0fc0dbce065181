import { decode, type IndexedDirectory } from "./indexed-directory.ts";
import type { Listed } from "./listed.ts";

/** A link of a page, in the order of the page; entities are undone in all its texts. */
export interface Anchor {
  readonly href: string;
  readonly text: string;
  /** Text of the row behind the link. */
  readonly tail: string;
  /** It is in the page's footer, which is about the server. */
  readonly isAside: boolean;
  /** The tag is broken: the name holds the quotes around it, or blanks without any quotes. */
  readonly isTorn: boolean;
}

/**
 * A link that leads to another place, and may still name an entry: by the server's own path for it.
 */
export interface Astray {
  /** The last part of its path, if the text of the link agrees. */
  readonly named: Listed | undefined;
}

/** `undefined` if it names no entry, like a link for sorting. */
export type Meaning = Listed | Astray | undefined;

/** Other protocols, and actions of the browser itself. */
const command = /^\s*(?:(?:javascript|about|sms|magnet|tel|mailto|data):|(?!https?:)[a-z][a-z0-9+.-]*:\/\/)/i;
/** How pages are sorted and shown: Apache, nginx, Caddy, and others. */
const sorting = /(?:^|\/)\?(?:[CNMSDFVPO]|sort|order|by|layout|view|lang|theme|search|q|download)=[^/]*$/i;
/** A scheme, where a name with a colon is meant, as no slashes follow. */
const scheme = /^\s*[a-z][a-z0-9+.-]*:(?!\/\/)/i;
/** The only characters in hrefs of servers that escape names. */
const escaped = /^(?:[A-Za-z0-9\-._~!$'()*+,;=:@/]|%[0-9a-f]{2})*$/i;
/** How the texts of long names end: Apache, nginx. */
const shortened = /(?:\.\.>?|…)$/;

/** Returns whether a page's hrefs are percent-escaped: one that cannot be shows that none is. */
export function isEscaped({ href, text, isTorn }: Anchor): boolean {
  if (isTorn) return false;
  if (command.test(href) || sorting.test(href)) return true;
  const rest = restOf(href);
  if (rest !== "" && !says(text, lastOf(href))) return true;
  return escaped.test(rest === "" ? href : href.slice(0, -rest.length)) && rest === "" && !scheme.test(href);
}

/**
 * Returns whether the text shows that the href is the unescaped name, although it looks escaped.
 */
export function isSpelled({ href, text }: Anchor): boolean {
  return href.includes("%") && says(text, lastOf(href));
}

/**
 * Returns the meaning of a link of `directory`'s page. `isPageEscaped`: the page's hrefs are
 * percent-escaped.
 */
export function readLink(anchor: Anchor, directory: IndexedDirectory, isPageEscaped: boolean): Meaning {
  const { href, text } = anchor;
  if (anchor.isTorn) return torn(anchor, directory);
  const isInText = says(text, lastOf(href));
  if (command.test(href) || sorting.test(href))
    return isInText ? spelled(anchor, directory, "link") : undefined;
  const read = byUrl(anchor, directory);
  const isSure =
    read !== undefined && "name" in read && read.guess === undefined && read.problem === undefined;
  if (isSure || !isInText || (isPageEscaped && escaped.test(href))) return read;
  return spelled(anchor, directory, "name") ?? read;
}

/** The href is the name as it is. */
function spelled(
  { href, isAside }: Anchor,
  directory: IndexedDirectory,
  guess: "name" | "link",
): Listed | undefined {
  const name = lastOf(href);
  if (name === "" || name === "." || name === "..") return undefined;
  const isDirectory = href.endsWith("/");
  const above = href.slice(0, href.length - name.length - (isDirectory ? 1 : 0));
  // The place that it lies in is asked for by a name that needs no escapes.
  const spot = directory.locate(`${/^\/\/+$/.test(above) ? "/" : above}x`);
  if (spot.where !== "inside" || spot.name !== "x" || spot.isDirectory) return undefined;
  return spot.trust === "doubtful" && isAside ? undefined : { name, isDirectory, guess };
}

/** The text of the link has the name that the broken tag has lost. */
function torn({ href, text }: Anchor, directory: IndexedDirectory): Listed | undefined {
  const name = text.trim().replace(/\/$/, "");
  const isDirectory = text.trim().endsWith("/");
  if (lastOf(name) !== "" && lastOf(name).startsWith(lastOf(href)))
    return { name: lastOf(name), isDirectory, guess: "name" };
  const spot = directory.locate(href);
  if (spot.where !== "inside") return undefined;
  return {
    name: spot.name,
    isDirectory,
    mayBeDirectory: true,
    problem: "its link on the index page cannot be read",
  };
}

/**
 * Reads the href like a browser, but a query and a fragment belong to the name: files have none.
 */
function byUrl({ href, text, isAside }: Anchor, directory: IndexedDirectory): Meaning {
  const rest = restOf(href);
  const whole = href.slice(0, href.length - rest.length);
  const path = scheme.test(whole) ? `./${whole.trim()}` : ofThisHost(whole, text);
  const spot = directory.locate(path);
  if (spot.where === "nowhere") return rest === "" ? undefined : ofQuery(rest, text);
  if (spot.where === "beside") return isAside ? undefined : astray(spot, path, text);
  const { name, isDirectory, trust } = spot;
  const isConfirmed = says(text, name);
  if (trust === "doubtful" && (isAside || (directory.isRoot && !isConfirmed))) return undefined;
  if (rest !== "" && !isDirectory) return withRest(name, rest);
  const isSure = trust === "sure" && isConfirmed && escaped.test(href);
  return { name, isDirectory, ...(!isSure && { guess: "name" as const }) };
}

function withRest(name: string, rest: string): Listed {
  const isDirectory = rest.endsWith("/");
  return { name: name + (isDirectory ? rest.slice(0, -1) : rest), isDirectory, guess: "name" };
}

/** `//a.txt` names a file of the root if its text agrees; otherwise it names a host. */
function ofThisHost(path: string, text: string): string {
  return /^\/\/[^/]+\/?$/.test(path) && says(text, lastOf(path)) ? path.slice(1) : path;
}

function astray({ isOtherHost }: { isOtherHost: boolean }, path: string, text: string): Astray | undefined {
  const name = decode(lastOf(path));
  if (says(text, name)) return { named: { name, isDirectory: path.endsWith("/"), guess: "name" } };
  return isOtherHost ? undefined : { named: undefined };
}

/**
 * A query for another part of this list, or for a directory by its name: its entries cannot be
 * fetched.
 */
function ofQuery(query: string, text: string): Listed | undefined {
  const name = text.trim().replace(/\/$/, "");
  const isNext = /^(next|more)\b|^[»›>]+$/i.test(name);
  const names = name !== "" && query.includes("=") && says(text, decode(query.replace(/^.*[=/](?=.)/, "")));
  if (!isNext && !names) return undefined;
  return {
    name: query,
    isDirectory: false,
    mayBeDirectory: true,
    problem: "the index page links to more that is not on it",
  };
}

/** The rest behind the path: a query, a fragment. */
function restOf(href: string): string {
  const at = href.search(/[?#]/);
  return at === -1 ? "" : href.slice(at);
}

/** The last part, without a slash at its end. */
export function lastOf(path: string): string {
  const whole = path.endsWith("/") ? path.slice(0, -1) : path;
  return whole.slice(whole.lastIndexOf("/") + 1);
}

/** Returns whether a link's text is this name: as it is, or trimmed, or shortened, or as a path. */
function says(text: string, name: string): boolean {
  if (name === "") return false;
  const shown = text.trim().replace(/\/$/, "");
  if (text.replace(/\/$/, "") === name || shown === name.trim() || lastOf(shown) === name) return true;
  const stem = shown.replace(shortened, "");
  return stem !== shown && stem.length > 2 && name.startsWith(stem);
}
