import { computedBody } from "./bodies/computed-body.ts";
import { hashText } from "./random.ts";
import type { StoredObject } from "./trees/object-set.ts";

/**
 * A path of the public domain: the key ends at the first separator, and an image version follows.
 */
export interface VersionedPath {
  readonly key: string;
  readonly version: string | undefined;
}

export function splitVersion(path: string, separator: string): VersionedPath {
  const at = path.indexOf(separator);
  return at < 0 ? { key: path, version: undefined } : { key: path.slice(0, at), version: path.slice(at + 1) };
}

/** `s400`, `s400/fw/300`, or parameters without a name: `/fw/300`. */
export function versionExists(version: string, known: readonly string[]): boolean {
  const [name = "", ...parameters] = version.split("/");
  return name === "" ? parameters.length > 1 : known.includes(name);
}

/**
 * The rendered picture: other bytes, about two fifths of the size, never the size of the listing.
 */
export function rendered(key: string, version: string, { modified, body }: StoredObject): StoredObject {
  const size = Math.max(300, Math.floor(body.size * 0.4));
  const other = size === body.size ? size + 1 : size;
  return { modified, type: "image/jpeg", body: computedBody(hashText(`${key}!${version}`), other) };
}
