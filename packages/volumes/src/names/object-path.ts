import { isMd5, refusal, sourceNameSchema } from "@brigade/core";
import { unmapPath } from "./names.ts";

/** What a manifest's line says of where an object lies. */
export interface NamedPlace {
  readonly source: string;
  readonly key: string;
  /** Below the source's folder, where it is not the key. */
  readonly path?: string | undefined;
  readonly md5: string;
}

/**
 * Returns why a line cannot be brigade's own: what it names would lie elsewhere, even outside of
 * the volume. `undefined` if it can be.
 */
export function whyForeign({ source, key, path = key, md5 }: NamedPlace): string | undefined {
  if (!isMd5(md5)) return "md5: no MD5";
  if (!sourceNameSchema.safeParse(source).success) return "source: no source's name";
  for (const part of path.split("/")) {
    const why = refusal(part);
    if (why !== undefined) return `path: ${why}`;
  }
  return path === key || keyAt(path) === key ? undefined : "path: it belongs to another key";
}

/**
 * Returns the key of the object that lies at this path; `undefined` if the path is not brigade's.
 */
export function keyAt(path: string): string | undefined {
  if (!path.includes("%~")) return path;
  try {
    return unmapPath(path);
  } catch (error) {
    // A code point beyond Unicode: no name of ours.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
