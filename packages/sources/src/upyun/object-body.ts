import { type Allocate, type ByteRange, type ObjectBody, type ObjectEntry, SourceError } from "@brigade/core";
import { type HttpResponse, header } from "../http/exchange.ts";
import { checkedFirst } from "../http/reading/first-bytes.ts";
import { packingOf } from "../http/reading/packing.ts";
import { assertNoPage, type Suspicion, suspicionOf, tellingBytes } from "../http/reading/page-in-place.ts";
import type { ResponseBody } from "../http/response-body.ts";
import { stateOf } from "../http/validator.ts";
import { imageHead, isImage } from "./image-type.ts";
import { expectedLength } from "./range.ts";

export interface Delivered {
  readonly object: ObjectEntry;
  readonly range: ByteRange | undefined;
  readonly variant: boolean;
  /** For errors: "get a.jpg". */
  readonly what: string;
}

/** Headers of a 2xx answer that cannot be the object's bytes as they are stored, as an error; its body is cancelled. */
export function acceptBody(response: HttpResponse, delivered: Delivered): ObjectBody {
  try {
    return accept(response, delivered);
  } catch (error) {
    response.body.cancel();
    throw error;
  }
}

function accept(response: HttpResponse, { object, range, variant, what }: Delivered): ObjectBody {
  const { headers, body } = response;
  if (headers["x-upyun-list-iter"] !== undefined)
    throw new SourceError("damaged", `${what}: a directory's listing came in place of the object`);
  const expected = expectedLength(response, range, variant ? undefined : object.size, what);
  // Stored objects may carry a Content-Encoding: those come in their listed size and with a digest. The size alone proves
  // little: a picture packed with gzip may well come out as long as it was.
  const isStoredSo = () => body.length === object.size && md5Of(response) !== undefined;
  const packing = packingOf(headers);
  if (packing !== undefined && (variant || range !== undefined || !isStoredSo()))
    throw new SourceError("damaged", `${what}: came compressed (${packing})`);
  if (body.length !== undefined && !Number.isSafeInteger(body.length))
    throw new SourceError("damaged", `${what}: its length is not a number`);
  if (range !== undefined && body.length !== undefined && expected !== undefined && body.length !== expected)
    throw new SourceError("damaged", `${what}: ${body.length} bytes announced in place of ${expected}`);
  if (!body.provable && expected === undefined)
    throw new SourceError(
      "damaged",
      `${what}: nobody could tell a cut from its end (no length, not chunked)`,
    );
  if (body.length !== undefined && body.length === expected)
    response.route.cameFromOrigin(header(headers, "server"));
  body.limitTo(body.length ?? expected);
  const isOriginal = response.status === 200 && !variant;
  const md5 = isOriginal ? md5Of(response) : undefined;
  return new UpyunBody(body, {
    md5,
    modified: variant ? undefined : modifiedOf(response),
    variant,
    validator: variant ? undefined : stateOf(headers),
    objectMd5: variant ? undefined : md5Text(header(headers, "etag")),
    // Where the end proves nothing, the length is what it must have been.
    mustBe: body.provable ? undefined : expected,
    // A digest proves more than first bytes.
    suspicion: isOriginal && md5 === undefined ? suspicionOf(headers, object.key) : undefined,
    what,
  });
}

/** Of the whole original: Content-MD5 (hexadecimal at UpYun), or an ETag in MD5 form that is not weak. */
export function md5Of({ headers }: HttpResponse): string | undefined {
  return md5Text(header(headers, "content-md5")) ?? md5Text(header(headers, "etag"));
}

export function md5Text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : /^"?([0-9a-f]{32})"?$/i.exec(value)?.[1]?.toLowerCase();
}

/** Unix seconds. */
export function modifiedOf({ headers }: HttpResponse): number | undefined {
  const text = header(headers, "last-modified");
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000);
}

interface Traits {
  readonly md5: string | undefined;
  readonly modified: number | undefined;
  readonly variant: boolean;
  readonly validator: string | undefined;
  readonly objectMd5: string | undefined;
  readonly mustBe: number | undefined;
  readonly suspicion: Suspicion | undefined;
  readonly what: string;
}

class UpyunBody implements ObjectBody {
  readonly size: number | undefined;
  readonly md5: string | undefined;
  readonly modified: number | undefined;
  readonly variant: boolean;
  readonly validator: string | undefined;
  readonly objectMd5: string | undefined;
  readonly #body: ResponseBody;
  readonly #mustBe: number | undefined;
  readonly #suspicion: Suspicion | undefined;
  readonly #what: string;

  constructor(body: ResponseBody, traits: Traits) {
    this.#body = body;
    this.size = body.length;
    this.md5 = traits.md5;
    this.modified = traits.modified;
    this.variant = traits.variant;
    this.validator = traits.validator;
    this.objectMd5 = traits.objectMd5;
    this.#mustBe = traits.mustBe;
    this.#suspicion = traits.suspicion;
    this.#what = traits.what;
  }

  bytes(allocate?: Allocate): Promise<Uint8Array> {
    const bytes = this.#body.bytes(allocate);
    return this.#isToBeChecked ? bytes.then((whole) => this.#check(whole)) : bytes;
  }

  chunks(): AsyncIterable<Uint8Array> {
    const chunks = this.#body.chunks();
    return this.#isToBeChecked ? this.#checked(chunks) : chunks;
  }

  cancel(): void {
    this.#body.cancel();
  }

  get #isToBeChecked(): boolean {
    return this.variant || this.#mustBe !== undefined || this.#suspicion !== undefined;
  }

  #check(whole: Uint8Array): Uint8Array {
    this.#checkFirst(whole);
    this.#checkLength(whole.byteLength);
    return whole;
  }

  async *#checked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    let size = 0;
    for await (const chunk of checkedFirst(chunks, tellingBytes, (first) => this.#checkFirst(first))) {
      size += chunk.byteLength;
      yield chunk;
    }
    this.#checkLength(size);
  }

  #checkFirst(first: Uint8Array): void {
    if (this.variant && (first.byteLength < imageHead || !isImage(first)))
      throw new SourceError("damaged", `${this.#what}: what came is not a picture`);
    if (this.#suspicion !== undefined) assertNoPage(first, this.#suspicion, this.#what);
  }

  #checkLength(size: number): void {
    if (this.#mustBe !== undefined && size !== this.#mustBe)
      throw new SourceError("damaged", `${this.#what}: ended after ${size} of ${this.#mustBe} bytes`);
  }
}
