import { createHash } from "node:crypto";

/** Makes a digest of a page while it is read. */
export class PagePrint {
  readonly #hash = createHash("sha256");
  #digest: string | undefined;
  /** There is a TAB in it. */
  hasColumns = false;

  async *of(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
    for await (const piece of pieces) {
      // Otherwise all bytes that are no UTF-8 would be equal.
      this.#hash.update(piece.isWellFormed() ? piece : Buffer.from(piece, "utf16le"));
      this.hasColumns ||= piece.includes("\t");
      yield piece;
    }
  }

  /** To be read at the end of the page. */
  get digest(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }
}
