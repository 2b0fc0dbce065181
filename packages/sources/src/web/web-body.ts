import { type ByteRange, type ObjectBody, SourceError, type WantedObject } from "@brigade/core";
import { CheckedBody } from "../http/reading/checked-body.ts";
import { contentCoding, isStoredCompressed } from "../http/reading/content-coding.ts";
import { expectedLength } from "../http/reading/content-range.ts";
import { md5OfWeb } from "../http/reading/digests.ts";
import { lastModified } from "../http/reading/last-modified.ts";
import { type HttpResponse, header } from "../http/reading/response.ts";
import { assertNoPage, softError, suspicionOf } from "../http/reading/soft-error.ts";
import { stateOf } from "../http/reading/validator.ts";

export interface Wanted {
  readonly object: WantedObject;
  readonly range: ByteRange | undefined;
  /** MD5 of the whole object, 32 lower-case hex digits, if it is known beforehand. */
  readonly md5?: string | undefined;
  /** For errors: the URL for messages. */
  readonly what: string;
}

/**
 * The body of a web server's 2xx answer. Throws SourceError, and drops the body, if it cannot be
 * the stored bytes of the object (they are compressed, or a page's: `forbidden` with the status of
 * success), or if a cut could not be distinguished from the end.
 */
export function acceptWebBody(response: HttpResponse, wanted: Wanted): ObjectBody {
  try {
    return accept(response, wanted);
  } catch (error) {
    response.body.cancel();
    throw error;
  }
}

function accept(response: HttpResponse, wanted: Wanted): ObjectBody {
  const { object, range, md5, what } = wanted;
  const { body, headers, status } = response;
  const expected = expectedLength(response, { range, size: object.size, what }, { strict: true });
  body.limitTo(range === undefined ? (body.length ?? expected) : expected);
  assertUncompressed(response, wanted);
  if (!body.isDelimited)
    throw new SourceError("damaged", `${what}: its end cannot be proven (no length, not chunked)`, {
      status,
    });
  // A digest that was known beforehand proves more than first bytes.
  const suspicion = md5 === undefined ? suspicionOf(headers, object.key) : undefined;
  if (range !== undefined && suspicion === "declared") throw softError(what);
  if (
    suspicion !== "declared" &&
    (object.size === undefined || range !== undefined || body.length === object.size)
  )
    response.route.cameFromOrigin(header(headers, "server"));
  const whole = status === 200;
  const modified = modifiedOf(response, object.modified);
  const isOlder = object.modified !== undefined && modified !== undefined && modified < object.modified;
  const traits = {
    md5: whole ? (md5 ?? md5OfWeb(headers)) : undefined,
    modified,
    variant: false,
    validator: stateOf(headers),
    objectMd5: md5,
    doubt: isOlder && md5 === undefined ? "an older state of it came than was listed" : undefined,
  };
  const isToBeSeen = suspicion !== undefined && (range === undefined || range.from === 0);
  const first = isToBeSeen ? (bytes: Uint8Array) => assertNoPage(bytes, suspicion, what) : undefined;
  return new CheckedBody(body, traits, { first, what });
}

/**
 * We ask for uncompressed bytes. Some servers still name the encoding of a compressed file, with
 * the file's length.
 */
function assertUncompressed({ headers, body, status }: HttpResponse, { object, what }: Wanted): void {
  const coding = contentCoding(headers);
  if (coding === undefined) return;
  const { key, size } = object;
  const isListedSize = status === 200 && size !== undefined && body.length === size;
  if (body.length !== undefined && (isListedSize || isStoredCompressed(key, coding))) return;
  throw new SourceError("forbidden", `${what}: it comes compressed (${coding}), without a request for that`, {
    status,
  });
}

/** Unix seconds. Some listings have minutes only: a date within the listed minute is not newer. */
function modifiedOf({ headers }: HttpResponse, listed: number | undefined): number | undefined {
  const seconds = lastModified(headers);
  return seconds !== undefined && listed === seconds - (seconds % 60) ? listed : seconds;
}
