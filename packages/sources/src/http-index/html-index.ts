import { unescape as unescapeBytes } from "node:querystring";
import { setImmediate as turn } from "node:timers/promises";
import type { Listed } from "./listed.ts";

/** Characters that are parsed before other work gets its turn. */
const piece = 256 * 1024;
/** Of a link's row, after the link: more than date and size need. */
const longestTail = 200;

/** What the title or the heading of an index page begins with: nginx, Apache, lighttpd; Python; Jetty. */
const titles = /^\s*(index of|directory listing|directory:)/i;
/** nginx, with exact sizes: `</a>   27-Nov-2026 23:28      12345`. */
const nginxRow = /^\s+(\d{2})-([A-Z][a-z]{2})-(\d{4}) (\d{2}):(\d{2})\s+(\d+)\s*$/;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * The entries of an HTML index page: its links to what lies directly in this directory, `base` (which ends with a slash). Sizes
 * and times only as far as they are exact, to the minute: nginx's. Nothing where the page is no index.
 */
export async function parseHtmlIndex(text: string, base: URL): Promise<Listed[] | undefined> {
  // Loaded by those who need it only: it takes its time.
  const { Parser } = await import("htmlparser2");
  const reader = new IndexReader(base);
  const parser = new Parser(reader);
  for (let at = 0; at < text.length; at += piece) {
    if (at > 0) await turn();
    parser.write(text.slice(at, at + piece));
  }
  parser.end();
  return reader.isIndex ? reader.entries : undefined;
}

class IndexReader {
  readonly #base: URL;
  /** By what their links say: not by names, of which several may be unreadable, and a file's may be a directory's too. */
  readonly #entries = new Map<string, Listed>();
  #isIndex = false;
  #heading: string | undefined;
  #inLink = false;
  #link: Link | undefined;

  constructor(base: URL) {
    this.#base = base;
  }

  get isIndex(): boolean {
    return this.#isIndex;
  }

  get entries(): Listed[] {
    return [...this.#entries.values()];
  }

  onopentag(name: string, { href }: Record<string, string>): void {
    if (name === "title" || name === "h1") this.#heading = "";
    if (name !== "a") return;
    this.#finishLink();
    this.#inLink = true;
    if (href === undefined) return;
    this.#link = entryOf(href, this.#base);
  }

  ontext(text: string): void {
    if (this.#heading !== undefined) this.#heading += text;
    if (this.#link !== undefined && !this.#inLink && this.#link.tail.length < longestTail)
      this.#link.tail += text;
  }

  onclosetag(name: string): void {
    if (name === "a") this.#inLink = false;
    if (name !== "title" && name !== "h1") return;
    this.#isIndex ||= titles.test(this.#heading ?? "");
    this.#heading = undefined;
  }

  onend(): void {
    this.#finishLink();
  }

  #finishLink(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#inLink = false;
    // Icons may be links too: the first of a name counts, unless a later one tells more.
    if (link === undefined) return;
    const { tail, raw, ...entry } = link;
    const row = entry.isDirectory ? undefined : readRow(tail);
    if (row !== undefined || !this.#entries.has(raw)) this.#entries.set(raw, { ...entry, ...row });
  }
}

interface Link {
  readonly raw: string;
  readonly name: string;
  readonly isDirectory: boolean;
  /** Text of the row behind the link. */
  tail: string;
}

/** What lies directly in `base`; nothing for other links: the parent, sorting, other hosts. */
function entryOf(href: string, base: URL): Link | undefined {
  const url = URL.canParse(href, base.href) ? new URL(href, base.href) : undefined;
  if (url === undefined || url.origin !== base.origin || url.search !== "" || url.hash !== "")
    return undefined;
  // Servers and we may escape differently.
  const [parents, above] = [url.pathname, base.pathname].map((path) => path.split("/"));
  const depth = (above?.length ?? 0) - 1;
  if (
    parents === undefined ||
    !above?.slice(0, depth).every((part, n) => decode(part) === decode(parents[n] ?? ""))
  )
    return undefined;
  const [raw = "", ...rest] = parents.slice(depth);
  if (raw === "" || rest.length > 1 || (rest[0] ?? "") !== "") return undefined;
  const isDirectory = rest.length === 1;
  return { raw: raw + (isDirectory ? "/" : ""), name: decode(raw), isDirectory, tail: "" };
}

/** Bytes that are no UTF-8 become U+FFFD: whoever asks for such a name refuses it. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return unescapeBytes(name);
  }
}

function readRow(tail: string): { size: number; modified: number } | undefined {
  const [, day, month = "", year, hour, minute, size] = nginxRow.exec(tail) ?? [];
  if (size === undefined || !months.includes(month)) return undefined;
  const at = Date.UTC(Number(year), months.indexOf(month), Number(day), Number(hour), Number(minute));
  return { size: Number(size), modified: at / 1000 };
}
