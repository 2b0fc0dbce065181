import { overLimit, pageLimits } from "./limits.ts";

const backslash = 0x5c;
const quote = 0x22;
const comma = 0x2c;
const opening = new Set([0x5b, 0x7b]);
/** Characters before the array. */
const longestMember = 1_000;
const closing = new Set([0x5d, 0x7d]);

/**
 * Cuts the rows out of a JSON document while it comes: the elements of its one long array, which is
 * the document itself, or the member `member` of it. Of a row only its length and depth are
 * checked. Returns the rows' texts; the rest is the document with an empty array.
 */
export class JsonRows {
  /** How deep the array lies. */
  readonly #depthOfRows: number;
  readonly #member: RegExp | undefined;
  #frame = "";
  #row = "";
  #depth = 0;
  #inRows = false;
  #inText = false;
  #isEscaped = false;
  #rows = 0;

  constructor(member?: string) {
    this.#member = member === undefined ? undefined : new RegExp(`[{,]\\s*"${member}"\\s*:\\s*\\[$`);
    this.#depthOfRows = member === undefined ? 1 : 2;
  }

  /** The document without its rows, as far as it has come. */
  get frame(): string {
    return this.#frame;
  }

  /** Returns the rows that end in this piece. Throws SourceError if one is too long or too deep. */
  push(piece: string): string[] {
    const rows: string[] = [];
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (this.#inText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (code === backslash) this.#isEscaped = true;
        else if (code === quote) this.#inText = false;
        continue;
      }
      if (code === quote) this.#inText = true;
      else if (opening.has(code)) {
        if (++this.#depth > pageLimits.depth) throw overLimit(`more than ${pageLimits.depth} brackets open`);
        if (this.#depth !== this.#depthOfRows || code !== 0x5b) continue;
        this.#keep(piece.slice(from, at + 1));
        from = at + 1;
        this.#inRows = this.#member?.test(this.#frame.slice(-longestMember)) ?? true;
      } else if (this.#inRows && this.#depth === this.#depthOfRows && (code === comma || closing.has(code))) {
        this.#endRow(rows, piece.slice(from, at), code !== comma);
        this.#inRows = code === comma;
        from = code === comma ? at + 1 : at;
        if (closing.has(code)) this.#depth--;
      } else if (closing.has(code)) this.#depth--;
    }
    this.#keep(piece.slice(from));
    return rows;
  }

  #endRow(rows: string[], text: string, isLast: boolean): void {
    const row = this.#row + text;
    this.#row = "";
    if (isLast && this.#rows === 0 && row.trim() === "") return;
    this.#rows++;
    rows.push(row);
  }

  #keep(text: string): void {
    if (this.#inRows) this.#row += text;
    else this.#frame += text;
    if (this.#row.length > pageLimits.entryLength || this.#frame.length > pageLimits.entryLength)
      throw overLimit(`an entry of more than ${pageLimits.entryLength / 1024} KiB`);
  }
}
