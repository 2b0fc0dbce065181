import { setImmediate as turn } from "node:timers/promises";
import { overLimit, pageLimits } from "../../pages/limits.ts";
import { Spool } from "../../pages/spool.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { WorkTime } from "../../pages/work-time.ts";
import { type Anchor, isEscaped } from "../site/link.ts";
import { ShownNames } from "./shown-names.ts";

export interface HtmlPage {
  readonly isIndex: boolean;
  /** It ends in the middle. */
  readonly isCut: boolean;
  /** The page itself marks its end. */
  readonly isClosed: boolean;
  /** The value of `<base href>`. */
  readonly base: string | undefined;
  readonly anchors: Spool<Anchor>;
  /** All hrefs are percent-escaped. */
  readonly isEscaped: boolean;
}

/** Characters that are parsed before other work gets its turn. */
const piece = 256 * 1024;
/** Characters: names have 255 bytes at most. */
const longestText = 1_000;
/** Characters of a link's row, after the link: more than date and size need. */
const longestTail = 200;

/**
 * What the title or the heading of an index page begins with: nginx, Apache, lighttpd; Python;
 * Jetty.
 */
const titles = /^\s*(index of|directory listing|directory:)/i;
/** Elements that every server closes, and that hold the list, or all of the page. */
const closed = new Set(["html", "body", "table", "pre", "ul", "ol", "a"]);
const footers = new Set(["address", "footer"]);

/** Throws SourceError for a page over a limit; its entries are dropped then. */
export async function readHtmlPage(pieces: AsyncIterable<string>, folder: StateFolder): Promise<HtmlPage> {
  using unused = new DisposableStack();
  const reader = new PageReader(unused.use(new Spool<Anchor>(folder)));
  await reader.read(pieces);
  unused.move();
  return reader;
}

type Open = { -readonly [Key in keyof Anchor]: Anchor[Key] };

class PageReader implements HtmlPage {
  readonly anchors: Spool<Anchor>;
  isIndex = false;
  isCut = false;
  isClosed = false;
  isEscaped = true;
  base: string | undefined;
  #isEnd = false;
  #heading: string | undefined;
  #footers = 0;
  #inLink = false;
  #anchor: Open | undefined;
  #depth = 0;
  #attributes = 0;

  constructor(anchors: Spool<Anchor>) {
    this.anchors = anchors;
  }

  async read(pieces: AsyncIterable<string>): Promise<void> {
    // Loaded only when needed: loading is slow.
    const { Parser } = await import("htmlparser2");
    const parser = new Parser(this);
    const names = new ShownNames();
    const work = new WorkTime();
    let written = 0;
    let endsInTag = false;
    const write = (text: string) => {
      written += text.length;
      const [opened, ended] = [text.lastIndexOf("<"), text.lastIndexOf(">")];
      if (opened !== ended) endsInTag = opened > ended;
      work.spend(() => parser.write(text));
      if (written - parser.endIndex > pageLimits.entryLength + piece)
        throw overLimit(`a tag or comment of more than ${pageLimits.entryLength / 1024} KiB`);
    };
    let turns = 0;
    for await (const text of pieces) {
      for (let at = 0; at < text.length; at += piece) write(names.push(text.slice(at, at + piece)));
      if (written < turns * piece) continue;
      turns = Math.floor(written / piece) + 1;
      await turn();
    }
    write(names.end());
    this.#isEnd = true;
    work.spend(() => parser.end());
    this.isCut ||= endsInTag;
  }

  onattribute(): void {
    if (++this.#attributes > pageLimits.attributesOfTag)
      throw overLimit(`a tag with more than ${pageLimits.attributesOfTag} attributes`);
  }

  onopentag(name: string, attributes: Record<string, string>): void {
    this.#attributes = 0;
    if (++this.#depth > pageLimits.depth) throw overLimit(`more than ${pageLimits.depth} elements open`);
    if (name === "title" || name === "h1") this.#heading = "";
    // In the text of a link it is a name that was not escaped.
    if (name === "base" && !this.#inLink) this.base ??= attributes.href;
    if (footers.has(name)) this.#footers++;
    if (name === "a") this.#begin(attributes);
  }

  ontext(text: string): void {
    if (this.#heading !== undefined) this.#heading = append(this.#heading, text, longestText);
    const anchor = this.#anchor;
    if (anchor === undefined) return;
    if (this.#inLink) anchor.text = append(anchor.text, text, longestText);
    else anchor.tail = append(anchor.tail, text, longestTail);
  }

  onclosetag(name: string, isImplied: boolean): void {
    this.#depth--;
    if (this.#isEnd && isImplied) this.isCut ||= closed.has(name);
    if (name === "html" && !isImplied) this.isClosed = true;
    if (name === "a") this.#inLink = false;
    if (footers.has(name)) this.#footers--;
    if (name !== "title" && name !== "h1") return;
    this.isIndex ||= titles.test(this.#heading ?? "");
    this.#heading = undefined;
  }

  onend(): void {
    this.#finish();
  }

  #begin({ href, ...others }: Record<string, string>): void {
    this.#finish();
    this.#inLink = true;
    if (href === undefined) return;
    const isTorn = Object.keys(others).some((name) => !/^[a-z_:][a-z0-9_:-]*$/i.test(name));
    this.#anchor = { href, text: "", tail: "", isAside: this.#footers > 0, isTorn };
  }

  #finish(): void {
    if (this.#anchor !== undefined) {
      this.isEscaped &&= isEscaped(this.#anchor);
      this.anchors.push(this.#anchor);
    }
    this.#anchor = undefined;
    this.#inLink = false;
  }
}

/** The rest of a text that is long enough is not needed. */
function append(text: string, more: string, longest: number): string {
  return text.length < longest ? text + more.slice(0, longest) : text;
}
