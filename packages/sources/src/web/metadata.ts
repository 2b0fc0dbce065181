import type { ObjectEntry, ObjectKey } from "@brigade/core";
import { isCompressedForUs } from "../http/reading/content-coding.ts";
import { completeRange } from "../http/reading/content-range.ts";
import { lastModified } from "../http/reading/last-modified.ts";
import { type HttpResponse, header } from "../http/reading/response.ts";
import { softError, suspicionOf } from "../http/reading/soft-error.ts";

/**
 * Returns the metadata of an object from an answer's headers; its body is dropped. A 416 means an
 * empty object. Throws SourceError if the headers are those of a page. `what`: the URL for
 * messages.
 */
export function describe(response: HttpResponse, key: ObjectKey, isHead: boolean, what: string): ObjectEntry {
  const { status, headers } = response;
  response.body.cancel();
  if (status !== 416 && suspicionOf(headers, key) === "declared") throw softError(what);
  const size = isCompressedForUs(headers, key) ? undefined : sizeOf(response, isHead);
  const modified = lastModified(headers);
  return {
    key,
    ...(size !== undefined && { size }),
    ...(modified !== undefined && { modified }),
  };
}

function sizeOf(response: HttpResponse, isHead: boolean): number | undefined {
  const { status, headers, body } = response;
  if (status === 416) return 0;
  if (status === 206) return completeRange(headers)?.total;
  if (!isHead) return body.length;
  const length = header(headers, "content-length");
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}
