import { header, type ResponseHeaders } from "./response.ts";

/** A mark of one state of a file, strong enough to put pieces of it together. */
export interface Validator {
  readonly kind: "etag" | "last-modified";
  readonly value: string;
}

/**
 * A strong ETag that can be sent back, else the time of the last change; `undefined` if there is
 * neither.
 */
export function validatorOf(headers: ResponseHeaders): Validator | undefined {
  const etag = header(headers, "etag")?.trim();
  if (etag !== undefined && /^"[\x20\x21\x23-\x7e\x80-\xff]*"$/.test(etag))
    return { kind: "etag", value: etag };
  const modified = header(headers, "last-modified")?.trim();
  return modified === undefined || Number.isNaN(Date.parse(modified))
    ? undefined
    : { kind: "last-modified", value: modified };
}

/**
 * The same as one text, for ObjectBody: equal for ranges, and from a store and its domain.
 * Content-MD5 is not used, because for a range it may be that of the range.
 */
export function stateOf(headers: ResponseHeaders): string | undefined {
  const validator = validatorOf(headers);
  return validator && `${validator.kind} ${validator.value}`;
}
