import { createHash } from "node:crypto";

/** Tells a page from others, while it goes by. */
export class PagePrint {
  readonly #hash = createHash("sha256");
  #digest: string | undefined;
  /** There is a TAB in it. */
  hasColumns = false;

  async *of(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
    for await (const piece of pieces) {
      // Otherwise all bytes that are no UTF-8 would look alike.
      this.#hash.update(piece.isWellFormed() ? piece : Buffer.from(piece, "utf16le"));
      this.hasColumns ||= piece.includes("\t");
      yield piece;
    }
  }

  /** When all of it went by. */
  get digest(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }
}
