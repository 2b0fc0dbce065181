import { type ByteRange, type ObjectBody, SourceError } from "@brigade/core";
import { CheckedBody, noTraits } from "../http/reading/checked-body.ts";
import { completeRange, unsatisfiedTotal } from "../http/reading/content-range.ts";
import { refusal } from "../http/reading/refusal.ts";
import type { HttpResponse } from "../http/reading/response.ts";
import { suspicionOf } from "../http/reading/soft-error.ts";
import { type Validator, validatorOf } from "../http/reading/validator.ts";
import { follow, type Reply } from "../web/follow.ts";
import { shown } from "../web/shown.ts";
import { refuseEncoded } from "./compressed.ts";
import { FileState } from "./file-state.ts";

/** The file on the server is not the one that was begun: the bytes so far are useless. */
export class FileChanged extends Error {
  override readonly name = "FileChanged";
}

/**
 * The server sends this file, but no ranges that could be put together: it has to be fetched in one
 * stream.
 */
export class RangesUnusable extends Error {
  override readonly name = "RangesUnusable";
}

/** A file on a web server, as it was found. */
export interface HttpFile {
  /** For messages: without user, password and query. */
  readonly url: string;
  /** The name from the server, or else from the URL; safe in any folder. */
  readonly name: string;
  /** Bytes, if the server names them. */
  readonly length: number | undefined;
  /** It can be fetched in pieces. */
  readonly ranges: boolean;
  /** The server calls it HTML, although its name has another type: it may be a login page. */
  readonly mayBePage: boolean;
  /** Absent if only the length could show a change of the file. */
  readonly validator: Validator | undefined;
  /**
   * Returns these bytes, from the first on; a server may send fewer, or more. Throws SourceError,
   * RangesUnusable, and FileChanged if the bytes would be those of another file.
   */
  open(range: Required<ByteRange>, signal: AbortSignal): Promise<ObjectBody>;
  /** Returns all bytes. `allowUndelimited`: also if a cut cannot be distinguished from the end. */
  stream(signal: AbortSignal, options: { readonly allowUndelimited: boolean }): Promise<ObjectBody>;
  /** Frees a connection that is kept for `stream`. */
  cancel(): void;
}

/** Sends a request to one URL, for the file whose first URL was `first`. */
export type Ask = (
  url: URL,
  first: URL,
  range: { readonly bytes: Required<ByteRange>; readonly ifStill: Validator | undefined } | undefined,
  signal: AbortSignal,
) => Promise<HttpResponse>;

interface Found extends Reply {
  readonly first: URL;
  readonly name: string;
  readonly length: number | undefined;
  readonly ranges: boolean;
  /** A checksum will show whether all pieces are of one state. */
  readonly proven: boolean;
}

/** Statuses of a redirect's target whose signature has expired. */
const expired = new Set([400, 401, 403, 404, 410]);

export class FoundFile implements HttpFile {
  readonly url: string;
  readonly name: string;
  readonly length: number | undefined;
  readonly ranges: boolean;
  readonly mayBePage: boolean;
  readonly validator: Validator | undefined;
  readonly #ask: Ask;
  readonly #first: URL;
  readonly #state: FileState;
  readonly #proven: boolean;
  /** Sent as If-Range, unless the server does not support it. */
  #ifStill: Validator | undefined;
  /** The target of the last redirect. */
  #at: URL;
  /** The answer that found the file, if its body is the file. */
  #held: HttpResponse | undefined;

  constructor({ first, url, response, name, length, ranges, proven }: Found, ask: Ask) {
    this.url = shown(first);
    this.name = name;
    this.length = length;
    this.ranges = ranges;
    this.mayBePage = suspicionOf(response.headers, name) === "declared";
    this.validator = validatorOf(response.headers);
    this.#state = new FileState(response.headers, length);
    this.#proven = proven;
    this.#ifStill = this.validator;
    this.#ask = ask;
    this.#first = first;
    this.#at = url;
    this.#held = response.status === 200 ? response : undefined;
  }

  async open(range: Required<ByteRange>, signal: AbortSignal): Promise<ObjectBody> {
    for (;;) {
      const ifStill = this.#ifStill;
      const { url, response } = await this.#request(range, ifStill, signal);
      if (response.status === 206) {
        const size = this.#check(response, range, ifStill);
        this.#at = url;
        return bodyOf(response, size);
      }
      if (response.status !== 200 && response.status !== 416)
        throw await refusal(response, this.url, Date.now());
      response.body.cancel();
      this.#checkState(
        response,
        response.status === 200 ? response.body.length : unsatisfiedTotal(response.headers),
      );
      // The server may not support If-Range.
      if (ifStill === undefined) throw this.#unusable(`it answers ${response.status} to a range`);
      this.#ifStill = undefined;
    }
  }

  async stream(
    signal: AbortSignal,
    { allowUndelimited }: { readonly allowUndelimited: boolean },
  ): Promise<ObjectBody> {
    const held = this.#held;
    this.#held = undefined;
    const response = held ?? (await this.#go(this.#first, undefined, signal)).response;
    if (response.status === 206) throw onlyPart(response, this.url);
    if (response.status !== 200) throw await refusal(response, this.url, Date.now());
    refuseEncoded(response, this.url, this.#names);
    if (!response.body.isDelimited && !allowUndelimited) {
      response.body.cancel();
      const why = "the server gives neither a length nor chunks, so nothing proves that the file is complete";
      throw new SourceError("forbidden", `${this.url}: ${why}: only with --checksum`);
    }
    return bodyOf(response, response.body.length);
  }

  cancel(): void {
    this.#held?.body.cancel();
    this.#held = undefined;
  }

  get #names(): readonly string[] {
    return [this.name, this.#first.pathname, this.#at.pathname];
  }

  /** Asks at the target of the last redirect; if that fails, at the first URL again. */
  async #request(
    range: Required<ByteRange>,
    ifStill: Validator | undefined,
    signal: AbortSignal,
  ): Promise<Reply> {
    const at = this.#at;
    const reply = await this.#go(at, { bytes: range, ifStill }, signal);
    if (at.href === this.#first.href || !expired.has(reply.response.status)) return reply;
    reply.response.body.cancel();
    return await this.#go(this.#at === at ? this.#first : this.#at, { bytes: range, ifStill }, signal);
  }

  async #go(start: URL, range: Parameters<Ask>[2], signal: AbortSignal): Promise<Reply> {
    return await follow(start, (url) => this.#ask(url, this.#first, range, signal));
  }

  /**
   * Returns the number of bytes that the answer brings of this range. Throws, and drops the body,
   * unless they are of this file and begin at the right byte.
   */
  #check(response: HttpResponse, { from, to }: Required<ByteRange>, ifStill: Validator | undefined): number {
    try {
      refuseEncoded(response, this.url, this.#names);
      const range = completeRange(response.headers);
      if (range === undefined) throw this.#unusable("its answers do not say which bytes they hold");
      this.#checkState(response, range.total);
      if (
        this.validator !== undefined &&
        ifStill === undefined &&
        !this.#proven &&
        !this.#state.isIn(response.headers)
      )
        throw this.#unusable("its answers do not say which state they are of");
      const size = range.to - range.from + 1;
      const { length } = response.body;
      if (range.from !== from || size < 1 || (length !== undefined && length !== size))
        throw this.#unusable(`other bytes than from ${from} to ${to} came`);
      return size;
    } catch (error) {
      response.body.cancel();
      throw error;
    }
  }

  /**
   * Throws FileChanged, or RangesUnusable if only the ETag differs and no checksum will prove the
   * file.
   */
  #checkState({ headers }: HttpResponse, length: number | undefined): void {
    const verdict = this.#state.compare(headers, length);
    if (verdict === "changed")
      throw new FileChanged(`${this.url}: the file on the server has changed meanwhile`);
    if (verdict === "same date" && !this.#proven)
      throw this.#unusable("its answers have different ETags, with one date and length");
  }

  #unusable(why: string): RangesUnusable {
    return new RangesUnusable(`${this.url}: the server's ranges cannot be put together: ${why}`);
  }
}

/** `size`: bytes that come, from any of the headers. */
function bodyOf({ body }: HttpResponse, size: number | undefined): ObjectBody {
  body.limitTo(size);
  return new CheckedBody(body, { ...noTraits, size });
}

/** All of the file was asked for, and a part came. */
export function onlyPart(response: HttpResponse, url: string): SourceError {
  response.body.cancel();
  const range = completeRange(response.headers);
  const part =
    range === undefined
      ? "does not say which (no Content-Range that can be read)"
      : `calls it bytes ${range.from} to ${range.to} of ${range.total}`;
  return new SourceError(
    "forbidden",
    `${url}: the server was asked for the whole file, answers that it sends a part (status 206), and ${part}: its operator must mend that; another address of the file (a mirror) may do`,
    { status: 206 },
  );
}
