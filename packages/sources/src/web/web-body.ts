import { type Allocate, type ByteRange, type ObjectBody, type ObjectEntry, SourceError } from "@brigade/core";
import { type HttpResponse, header } from "../http/exchange.ts";
import type { ResponseBody } from "../http/response-body.ts";
import { stateOf } from "../http/validator.ts";
import { contentRange } from "../http-file/http-file.ts";

export interface Wanted {
  readonly object: ObjectEntry;
  readonly range: ByteRange | undefined;
  /** Of the whole object, 32 lower-case hex digits, where it is known beforehand. */
  readonly md5?: string | undefined;
  /** For errors: the URL as it may be shown. */
  readonly what: string;
}

/**
 * The body of a web server's 2xx answer. Throws SourceError `damaged`, and drops the body, where it cannot be the object's
 * bytes as they are stored, or where nobody could tell a cut from the end.
 */
export function acceptWebBody(response: HttpResponse, wanted: Wanted): ObjectBody {
  try {
    assertFits(response, wanted);
  } catch (error) {
    response.body.cancel();
    throw error;
  }
  const whole = response.status === 200;
  return new WebBody(response.body, {
    md5: whole ? (wanted.md5 ?? contentMd5(response)) : undefined,
    modified: modifiedOf(response, wanted.object.modified),
    validator: stateOf(response.headers),
    objectMd5: wanted.md5,
  });
}

function assertFits(response: HttpResponse, { object, range, what }: Wanted): void {
  const damaged = (why: string) => new SourceError("damaged", `${what}: ${why}`, { status: response.status });
  const { body, status } = response;
  if (range === undefined && status !== 200) throw damaged(`unexpected status ${status}`);
  if (range !== undefined) assertRange(response, range, object.size, damaged);
  const encoding = encodingOf(response);
  if (encoding !== undefined && !isStoredEncoded(response, object))
    throw damaged(`came compressed (${encoding})`);
  if (!body.provable) throw damaged("nobody could tell a cut from its end (no length, not chunked)");
}

function assertRange(
  response: HttpResponse,
  { from, to }: ByteRange,
  size: number | undefined,
  damaged: (why: string) => SourceError,
): void {
  const sent = response.status === 206 ? contentRange(response) : undefined;
  if (sent === undefined) throw damaged(`the range was ignored (status ${response.status})`);
  const last = Math.min(to ?? Number.POSITIVE_INFINITY, sent.total - 1);
  if (sent.from !== from || sent.to !== last) throw damaged(`bytes other than ${from} to ${last} came`);
  if (size !== undefined && sent.total !== size) throw damaged(`its size is ${sent.total} now, not ${size}`);
}

function encodingOf({ headers }: HttpResponse): string | undefined {
  const encoding = header(headers, "content-encoding")?.trim().toLowerCase() ?? "";
  return encoding === "" || encoding === "identity" ? undefined : encoding.slice(0, 40);
}

/** We ask for the bytes as they are: some servers name the encoding of a packed file all the same, with the file's length. */
function isStoredEncoded({ body, status }: HttpResponse, { key, size }: ObjectEntry): boolean {
  if (status !== 200 || body.length === undefined) return false;
  return size === undefined ? /\.(gz|tgz|z|br|zst|bz2|xz)$/i.test(key) : body.length === size;
}

/** RFC 1864: 16 bytes in Base64. */
function contentMd5({ headers }: HttpResponse): string | undefined {
  const text = header(headers, "content-md5");
  if (text === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(text)) return undefined;
  return Buffer.from(text, "base64").toString("hex");
}

/** Unix seconds. Some listings tell minutes only: the minute that was listed is no news. */
function modifiedOf({ headers }: HttpResponse, listed: number | undefined): number | undefined {
  const at = Date.parse(header(headers, "last-modified") ?? "");
  if (Number.isNaN(at)) return undefined;
  const seconds = Math.floor(at / 1000);
  return listed !== undefined && listed === seconds - (seconds % 60) ? listed : seconds;
}

type Traits = Required<Pick<ObjectBody, "md5" | "modified" | "validator" | "objectMd5">>;

class WebBody implements ObjectBody {
  readonly size: number | undefined;
  readonly md5: string | undefined;
  readonly modified: number | undefined;
  readonly validator: string | undefined;
  readonly objectMd5: string | undefined;
  readonly variant = false;
  readonly #body: ResponseBody;

  constructor(body: ResponseBody, { md5, modified, validator, objectMd5 }: Traits) {
    this.#body = body;
    this.size = body.length;
    this.md5 = md5;
    this.modified = modified;
    this.validator = validator;
    this.objectMd5 = objectMd5;
  }

  bytes(allocate?: Allocate): Promise<Uint8Array> {
    return this.#body.bytes({ allocate });
  }

  chunks(): AsyncIterable<Uint8Array> {
    return this.#body.chunks();
  }

  cancel(): void {
    this.#body.cancel();
  }
}
