import { NameError } from "@brigade/core";

const plain = /^[A-Za-z0-9\-._~/]*$/;
const leftByEncodeURI = /[!'()*]/g;
/**
 * Matches an empty part, `.`, `..` or a NUL: HTTP software folds such paths, so another object
 * would be fetched.
 */
const unrequestable = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/**
 * Returns a key or directory as it is sent and signed: UTF-8, everything but `A-Z a-z 0-9 - . _ ~
 * /` percent-encoded in upper case. Once: a `%` in a key becomes `%25`.
 */
export function encodePath(path: string): string {
  if (plain.test(path)) return path;
  return encodeURIComponent(path.toWellFormed())
    .replaceAll("%2F", "/")
    .replace(leftByEncodeURI, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Whether a request can name a key (or a directory that is not the root). */
export function isRequestable(path: string): boolean {
  return !unrequestable.test(path) && path.isWellFormed();
}

/** Throws NameError for what no request can name. */
export function assertRequestable(path: string): void {
  if (!isRequestable(path)) throw new NameError(`cannot be requested: ${JSON.stringify(path)}`);
}
