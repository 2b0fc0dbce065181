import type { FileEntry, Filters } from "@brigade/core";
import { join } from "@brigade/core";
import { createGlob } from "./globs/glob.ts";

export interface Filter {
  wantsFile(directory: string, file: FileEntry): boolean;
  /** Returns `false` if nothing below can be wanted. */
  wantsDirectory(directory: string): boolean;
}

const everything: Filter = { wantsFile: () => true, wantsDirectory: () => true };

/**
 * Globs as in picomatch, matched on whole keys, dot files included. A pattern without a slash
 * matches the last part.
 */
export function createFilter(filters: Filters): Filter {
  if (Object.keys(filters).length === 0) return everything;
  const include = matcher(filters.include);
  const exclude = matcher(filters.exclude);
  const minSize = filters.minSize ?? 0;
  const maxSize = filters.maxSize ?? Number.POSITIVE_INFINITY;
  const since = filters.modifiedSince ?? Number.NEGATIVE_INFINITY;
  return {
    wantsFile(directory, file) {
      const { size = minSize, modified = since } = file; // what the listing lacks excludes nothing
      if (size < minSize || size > maxSize || modified < since) return false;
      const key = join(directory, file.name);
      return (include?.(key) ?? true) && !(exclude?.(key) ?? false);
    },
    wantsDirectory(directory) {
      return !(exclude?.(directory) || exclude?.(`${directory}/`));
    },
  };
}

function matcher(globs: readonly string[] | undefined): ((key: string) => boolean) | undefined {
  if (globs === undefined || globs.length === 0) return undefined;
  const tests = globs.map(createGlob);
  return (key) => tests.some((test) => test(key));
}
