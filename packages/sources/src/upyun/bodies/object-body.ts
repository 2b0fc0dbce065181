import { type ByteRange, type ObjectBody, type ObjectEntry, SourceError } from "@brigade/core";
import { CheckedBody } from "../../http/reading/checked-body.ts";
import { contentCoding } from "../../http/reading/content-coding.ts";
import { expectedLength } from "../../http/reading/content-range.ts";
import { md5OfHex, md5OfStore } from "../../http/reading/digests.ts";
import { lastModified } from "../../http/reading/last-modified.ts";
import { type HttpResponse, header } from "../../http/reading/response.ts";
import { assertNoPage, type Suspicion, suspicionOf } from "../../http/reading/soft-error.ts";
import { stateOf } from "../../http/reading/validator.ts";
import { imageHead, isImage } from "./image-type.ts";

export interface Delivered {
  readonly object: ObjectEntry;
  readonly range: ByteRange | undefined;
  readonly variant: boolean;
  /** For errors: "get a.jpg". */
  readonly what: string;
}

/**
 * Returns an error for a 2xx answer whose headers show that it is not the stored bytes; its body is
 * cancelled.
 */
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
  const expected = expectedLength(
    response,
    { range, size: variant ? undefined : object.size, what },
    { strict: false },
  );
  // Stored objects may have a Content-Encoding: those come in their listed size and with a digest.
  // The size alone proves little: a picture compressed with gzip may have the same length.
  const isStoredSo = () => body.length === object.size && md5OfStore(headers) !== undefined;
  const coding = contentCoding(headers);
  if (coding !== undefined && (variant || range !== undefined || !isStoredSo()))
    throw new SourceError("damaged", `${what}: came compressed (${coding})`);
  if (body.length !== undefined && !Number.isSafeInteger(body.length))
    throw new SourceError("damaged", `${what}: its length is not a number`);
  if (range !== undefined && body.length !== undefined && expected !== undefined && body.length !== expected)
    throw new SourceError("damaged", `${what}: ${body.length} bytes announced in place of ${expected}`);
  if (!body.isDelimited && expected === undefined)
    throw new SourceError("damaged", `${what}: its end cannot be proven (no length, not chunked)`);
  if (body.length !== undefined && body.length === expected)
    response.route.cameFromOrigin(header(headers, "server"));
  body.limitTo(body.length ?? expected);
  const isOriginal = response.status === 200 && !variant;
  const md5 = isOriginal ? md5OfStore(headers) : undefined;
  const traits = {
    md5,
    modified: variant ? undefined : lastModified(headers),
    variant,
    validator: variant ? undefined : stateOf(headers),
    objectMd5: variant ? undefined : md5OfHex(header(headers, "etag")),
    doubt: undefined,
  };
  // A digest proves more than first bytes.
  const suspicion = isOriginal && md5 === undefined ? suspicionOf(headers, object.key) : undefined;
  const first = firstCheck(variant, suspicion, what);
  return new CheckedBody(body, traits, { first, length: body.isDelimited ? undefined : expected, what });
}

/** Returns what the first bytes must not be; `undefined` if nothing about them can be wrong. */
function firstCheck(
  variant: boolean,
  suspicion: Suspicion | undefined,
  what: string,
): ((first: Uint8Array) => void) | undefined {
  if (!variant && suspicion === undefined) return undefined;
  return (first) => {
    if (variant && (first.byteLength < imageHead || !isImage(first)))
      throw new SourceError("damaged", `${what}: what came is not a picture`);
    if (suspicion !== undefined) assertNoPage(first, suspicion, what);
  };
}
