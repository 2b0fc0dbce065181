import { dirname } from "node:path";

/** The greatest number of code files in one folder. */
const most = 15;

/** Returns a line per folder of a package's sources or tests that holds more files than that. */
export function crowdedFolders(files: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const file of files) {
    if (!/^packages\/[^/]+\/(?:src|test)\/.*\.tsx?$/.test(file)) continue;
    const folder = dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > most)
    .map(([folder, count]) => `${folder}: ${count} files side by side, at most ${most}: make rooms`);
}
