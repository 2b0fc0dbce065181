/** Marks that hide all following text until they end. */
const hiding = /^<(?:[!?]|script|style|title|textarea|xmp|plaintext|iframe|noembed)/i;
/** Characters of the longest of these, and of the ends of links. */
const longestMark = 12;
const link = /<a\b/gi;

/**
 * Some servers escape names in hrefs, but not in the text of links: a name that looks like a
 * comment would hide other links. In a link whose text has such a mark before any other tag, all
 * such marks are made harmless. Text goes in and out in pieces.
 */
export class ShownNames {
  #rest = "";
  /** `name`: in the text of a link; `odd`: in one that has such a mark. */
  #where: "outside" | "tag" | "name" | "odd" = "outside";

  push(piece: string): string {
    return this.#read(this.#rest + piece, false);
  }

  end(): string {
    return this.#read(this.#rest, true);
  }

  #read(text: string, isEnd: boolean): string {
    let shown = "";
    let at = 0;
    for (let to = this.#next(text, at, isEnd); to !== undefined; to = this.#next(text, at, isEnd)) {
      shown += text.slice(at, to);
      at = to;
      if (this.#where === "odd" && text.startsWith("<", at) && !/^<\/a\b/i.test(text.slice(at, at + 5))) {
        shown += hiding.test(text.slice(at, at + longestMark)) ? "&lt;" : "<";
        at++;
      } else if (this.#where === "odd") this.#where = "outside";
    }
    const kept = isEnd ? 0 : this.#keptOf(text, at);
    this.#rest = text.slice(text.length - kept);
    return shown + text.slice(at, text.length - kept);
  }

  /**
   * Returns where the text is cut next; `undefined` if more of it is needed. Stores the present
   * position.
   */
  #next(text: string, at: number, isEnd: boolean): number | undefined {
    if (this.#where === "outside") {
      link.lastIndex = at;
      const found = link.exec(text);
      if (found === null || (link.lastIndex === text.length && !isEnd)) return undefined;
      this.#where = "tag";
      return link.lastIndex;
    }
    if (this.#where === "tag") {
      const end = text.indexOf(">", at);
      if (end === -1) return undefined;
      this.#where = "name";
      return end + 1;
    }
    const mark = text.indexOf("<", at);
    if (mark === -1 || (!isEnd && mark + longestMark > text.length)) return undefined;
    if (this.#where === "name")
      this.#where = hiding.test(text.slice(mark, mark + longestMark)) ? "odd" : "outside";
    return mark;
  }

  /** Characters at the end that may be the beginning of a mark. */
  #keptOf(text: string, at: number): number {
    if (this.#where === "tag") return 0;
    const mark = text.indexOf("<", Math.max(at, text.length - longestMark + 1));
    return mark === -1 ? 0 : text.length - mark;
  }
}
