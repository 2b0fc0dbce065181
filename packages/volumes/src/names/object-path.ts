import { isMd5, refusal, sourceNameSchema } from "@brigade/core";
import type { ManifestLine } from "../manifest/manifest-line.ts";
import { unmapPath } from "./names.ts";

/** Why a line cannot be ours: what it names would lie elsewhere, outside of the volume even. Nothing when it can. */
export function whyForeign({
  source,
  key,
  path = key,
  md5,
}: Pick<ManifestLine, "source" | "key" | "path" | "md5">): string | undefined {
  if (!isMd5(md5)) return "md5: no MD5";
  if (!sourceNameSchema.safeParse(source).success) return "source: no source's name";
  for (const part of path.split("/")) {
    const why = refusal(part);
    if (why !== undefined) return `path: ${why}`;
  }
  return path === key || keyAt(path) === key ? undefined : "path: it belongs to another key";
}

/** The key of the object that lies at this path, if any does. */
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
