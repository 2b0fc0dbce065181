import { lstatSync } from "node:fs";
import type { ManifestLine } from "../manifest/manifest-line.ts";
import type { ManifestWriter } from "../manifest/manifest-writer.ts";
import type { Placing } from "../names/placing.ts";
import { secondsOf } from "../new-files/file-times.ts";

/**
 * Enters files that dead processes had given their places, but not their manifest lines. A line
 * that was written after all is written a second time, which changes nothing.
 */
export function enterLanded(
  landed: readonly ManifestLine[],
  placing: Placing,
  manifest: ManifestWriter,
): void {
  const lines = landed.flatMap((line) => {
    const found = findLanded(line, placing);
    if (found === undefined) return [];
    return [
      `${JSON.stringify({ ...line, ...(found !== line.key && { path: found }) } satisfies ManifestLine)}\n`,
    ];
  });
  if (lines.length > 0) manifest.append(lines.join(""));
}

/**
 * Returns the path of the file if it is the one that was noted. It was whole before it was named.
 */
function findLanded(line: ManifestLine, placing: Placing): string | undefined {
  const { source, key, size, fileModified = line.modified } = line;
  const found = placing.findIfPossible(source, key);
  const stats = found && lstatSync(found.absolute, { throwIfNoEntry: false });
  return stats?.size === size && secondsOf(stats) === fileModified ? found?.path : undefined;
}
