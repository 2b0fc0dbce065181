import { type Allocate, type NextSlab, type ObjectBody, SourceError } from "@brigade/core";
import type { HttpResponse } from "../http/exchange.ts";
import { isStoredPacked, packingOf } from "../http/reading/packing.ts";
import type { ResponseBody } from "../http/response-body.ts";

/** A body as it is stored. */
export class HttpBody implements ObjectBody {
  readonly size: number | undefined;
  readonly md5 = undefined;
  readonly modified = undefined;
  readonly variant = false;
  readonly #body: ResponseBody;

  /** `size`: bytes, where the headers tell them in another way than by Content-Length. */
  constructor({ body }: HttpResponse, size = body.length) {
    this.size = size;
    this.#body = body;
    body.limitTo(size);
  }

  bytes(allocate?: Allocate): Promise<Uint8Array> {
    return this.#body.bytes(allocate);
  }

  chunks(nextSlab?: NextSlab): AsyncIterable<Uint8Array> {
    return this.#body.chunks(nextSlab);
  }

  cancel(): void {
    this.#body.cancel();
  }
}

/**
 * Throws, and drops the body, when the server packed the bytes although we asked it not to. Of an archive, whose name says that it
 * is packed, servers say so too, and send it as it is stored. `names`: what it is called by its URLs.
 */
export function refuseEncoded(
  { headers, body, status }: HttpResponse,
  what: string,
  names: readonly string[] = [],
): void {
  const packing = packingOf(headers);
  if (packing === undefined) return;
  if (body.length !== undefined && names.some((name) => isStoredPacked(name, packing))) return;
  body.cancel();
  throw new SourceError("forbidden", `${what}: comes packed (Content-Encoding: ${packing})`, { status });
}
