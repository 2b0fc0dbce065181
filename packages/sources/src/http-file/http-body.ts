import { type Allocate, type NextSlab, type ObjectBody, SourceError } from "@brigade/core";
import { type HttpResponse, header } from "../http/exchange.ts";
import type { ResponseBody } from "../http/response-body.ts";

/** A body as it is stored. */
export class HttpBody implements ObjectBody {
  readonly size: number | undefined;
  readonly md5 = undefined;
  readonly modified = undefined;
  readonly variant = false;
  readonly #body: ResponseBody;

  constructor({ body }: HttpResponse) {
    this.size = body.length;
    this.#body = body;
  }

  bytes(allocate?: Allocate): Promise<Uint8Array> {
    return this.#body.bytes({ allocate });
  }

  chunks(nextSlab?: NextSlab): AsyncIterable<Uint8Array> {
    return this.#body.chunks(nextSlab);
  }

  cancel(): void {
    this.#body.cancel();
  }
}

/** Throws, and drops the body, when the server packed the bytes although we asked it not to. */
export function refuseEncoded({ headers, body, status }: HttpResponse, what: string): void {
  const encoding = header(headers, "content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding === "" || encoding === "identity") return;
  body.cancel();
  throw new SourceError("forbidden", `${what}: comes packed (Content-Encoding: ${encoding.slice(0, 40)})`, {
    status,
  });
}
