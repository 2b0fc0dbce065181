import { header, type ResponseHeaders } from "../http/exchange.ts";

/** By what one state of a file is told from another: what the answer said by which it was found. */
export class FileState {
  readonly #etag: string | undefined;
  readonly #modified: string | undefined;
  readonly #length: number | undefined;

  constructor(headers: ResponseHeaders, length: number | undefined) {
    this.#etag = header(headers, "etag");
    this.#modified = header(headers, "last-modified");
    this.#length = length;
  }

  /**
   * What another answer says of the file, `length` bytes long. Headers may be left out; one that is there must be as it was, a weak ETag
   * too. `same date`: only the ETag is another one, as where each of several machines makes its own.
   */
  compare(headers: ResponseHeaders, length: number | undefined): "same" | "same date" | "changed" {
    const [etag, modified] = [header(headers, "etag"), header(headers, "last-modified")];
    if (isOther(this.#length, length)) return "changed";
    if (etag !== undefined && etag === this.#etag) return "same";
    if (isOther(this.#modified, modified)) return "changed";
    if (!isOther(this.#etag, etag)) return "same";
    return modified !== undefined && modified === this.#modified ? "same date" : "changed";
  }

  /** Whether the answer names this state. */
  isIn(headers: ResponseHeaders): boolean {
    const etag = header(headers, "etag");
    if (this.#etag !== undefined && etag !== undefined) return etag === this.#etag;
    return this.#modified !== undefined && header(headers, "last-modified") === this.#modified;
  }
}

function isOther<T>(was: T | undefined, is: T | undefined): boolean {
  return was !== undefined && is !== undefined && was !== is;
}
