import { type ByteRange, type ObjectBody, SourceError } from "@brigade/core";
import { type HttpResponse, header } from "../http/exchange.ts";
import { refusal } from "../http/refusal.ts";
import { type Validator, validatorOf } from "../http/validator.ts";
import { FileChanged } from "./file-changed.ts";
import { follow, type Reply } from "./follow.ts";
import { HttpBody, refuseEncoded } from "./http-body.ts";
import { shown } from "./shown.ts";

/** A file on a web server, as it was found. */
export interface HttpFile {
  /** As it may be shown: without user, password and query. */
  readonly url: string;
  /** What the server, or else its URL, calls it; safe in any folder. */
  readonly name: string;
  /** Bytes, where the server says so. */
  readonly length: number | undefined;
  /** It can be had in pieces. */
  readonly ranges: boolean;
  /** Absent: the server gives nothing by which a changed file could be told, other than its length. */
  readonly validator: Validator | undefined;
  /** These bytes. Throws SourceError, or FileChanged when they would be another file's. */
  open(range: Required<ByteRange>, signal: AbortSignal): Promise<ObjectBody>;
  /** All of them. `unprovable`: even where nobody could tell a cut from the end. */
  stream(signal: AbortSignal, options: { readonly unprovable: boolean }): Promise<ObjectBody>;
  /** Lets a connection go that is kept for `stream`. */
  cancel(): void;
}

/** Sends a request to one URL, on behalf of the file that was asked for at `first`. */
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
}

/** Statuses of a redirect's target whose signature has expired. */
const expired = new Set([400, 401, 403, 404, 410]);

export class FoundFile implements HttpFile {
  readonly url: string;
  readonly name: string;
  readonly length: number | undefined;
  readonly ranges: boolean;
  readonly validator: Validator | undefined;
  readonly #ask: Ask;
  readonly #first: URL;
  readonly #etag: string | undefined;
  readonly #modified: string | undefined;
  /** Where redirects led last. */
  #at: URL;
  /** The answer by which it was found, where its body is the file. */
  #held: HttpResponse | undefined;

  constructor({ first, url, response, name, length, ranges }: Found, ask: Ask) {
    this.url = shown(first);
    this.name = name;
    this.length = length;
    this.ranges = ranges;
    this.validator = validatorOf(response.headers);
    this.#etag = header(response.headers, "etag");
    this.#modified = header(response.headers, "last-modified");
    this.#ask = ask;
    this.#first = first;
    this.#at = url;
    this.#held = response.status === 200 ? response : undefined;
  }

  async open(range: Required<ByteRange>, signal: AbortSignal): Promise<ObjectBody> {
    const { url, response } = await this.#request(range, signal);
    if (response.status === 206) {
      this.#check(response, range);
      this.#at = url;
      return new HttpBody(response);
    }
    if (response.status === 200 || response.status === 416) {
      response.body.cancel();
      if (response.status === 416 || this.#differs(response)) throw this.#changed();
      throw new SourceError("unavailable", `${this.url}: the server ignored the range`, { status: 200 });
    }
    throw await refusal(response, this.url, Date.now());
  }

  async stream(signal: AbortSignal, { unprovable }: { readonly unprovable: boolean }): Promise<ObjectBody> {
    const held = this.#held;
    this.#held = undefined;
    const response = held ?? (await this.#go(this.#first, undefined, signal)).response;
    if (response.status !== 200) throw await refusal(response, this.url, Date.now());
    refuseEncoded(response, this.url);
    if (!response.body.provable && !unprovable) {
      response.body.cancel();
      const why = "the server gives neither a length nor chunks, so nobody could tell a cut from the end";
      throw new SourceError("forbidden", `${this.url}: ${why}: only with --checksum`);
    }
    return new HttpBody(response);
  }

  cancel(): void {
    this.#held?.body.cancel();
    this.#held = undefined;
  }

  /** Where the last redirect led; when that is no good any more, from the beginning again. */
  async #request(range: Required<ByteRange>, signal: AbortSignal): Promise<Reply> {
    const at = this.#at;
    const reply = await this.#go(at, range, signal);
    if (at.href === this.#first.href || !expired.has(reply.response.status)) return reply;
    reply.response.body.cancel();
    return await this.#go(this.#at === at ? this.#first : this.#at, range, signal);
  }

  async #go(start: URL, bytes: Required<ByteRange> | undefined, signal: AbortSignal): Promise<Reply> {
    const range = bytes === undefined ? undefined : { bytes, ifStill: this.validator };
    return await follow(start, (url) => this.#ask(url, this.#first, range, signal));
  }

  /** Throws, and drops the body, unless it brings these bytes of this file. */
  #check(response: HttpResponse, { from, to }: Required<ByteRange>): void {
    refuseEncoded(response, this.url);
    try {
      const range = contentRange(response);
      if (range?.total !== this.length || this.#differs(response)) throw this.#changed();
      const { length } = response.body;
      if (range?.from !== from || range.to !== to || (length !== undefined && length !== to - from + 1))
        throw new SourceError("damaged", `${this.url}: bytes other than ${from} to ${to} came`, {
          status: 206,
        });
    } catch (error) {
      response.body.cancel();
      throw error;
    }
  }

  /** Headers may be left out of a part's answer; one that is there must be as it was, a weak ETag too. */
  #differs({ headers }: HttpResponse): boolean {
    const [etag, modified] = [header(headers, "etag"), header(headers, "last-modified")];
    const isOther = (was: string | undefined, is: string | undefined) =>
      was !== undefined && is !== undefined && was !== is;
    if (etag !== undefined && etag === this.#etag) return false;
    return isOther(this.#etag, etag) || isOther(this.#modified, modified);
  }

  #changed(): FileChanged {
    return new FileChanged(`${this.url}: the file on the server has changed`);
  }
}

/** Nothing when there is none to be read, or no total in it. */
export function contentRange({
  headers,
}: HttpResponse): { from: number; to: number; total: number } | undefined {
  const text = header(headers, "content-range") ?? "";
  const [, from, to, total] = /^bytes\s+(\d+)-(\d+)\/(\d+)$/i.exec(text.trim()) ?? [];
  return total === undefined ? undefined : { from: Number(from), to: Number(to), total: Number(total) };
}
