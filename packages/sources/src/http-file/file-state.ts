import { header, type ResponseHeaders } from "../http/reading/response.ts";

/** The marks of one state of a file, from the answer that found it. */
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
   * Compares another answer with this state; the file is `length` bytes long. Headers may be
   * missing; present ones must be unchanged, a weak ETag too. `same date`: only the ETag differs,
   * for example because each of several machines makes its own.
   */
  compare(headers: ResponseHeaders, length: number | undefined): "same" | "same date" | "changed" {
    const [etag, modified] = [header(headers, "etag"), header(headers, "last-modified")];
    if (isOther(this.#length, length)) return "changed";
    if (etag !== undefined && etag === this.#etag) return "same";
    if (isOther(this.#modified, modified)) return "changed";
    if (!isOther(this.#etag, etag)) return "same";
    return modified !== undefined && modified === this.#modified ? "same date" : "changed";
  }

  /** Returns whether the answer has this state. */
  isIn(headers: ResponseHeaders): boolean {
    const etag = header(headers, "etag");
    if (this.#etag !== undefined && etag !== undefined) return etag === this.#etag;
    return this.#modified !== undefined && header(headers, "last-modified") === this.#modified;
  }
}

function isOther<T>(was: T | undefined, is: T | undefined): boolean {
  return was !== undefined && is !== undefined && was !== is;
}
