import { readFileSync } from "node:fs";

/**
 * Returns how many files and sockets this process may have open (`ulimit -n`); `undefined` if that
 * is not known or not limited.
 */
export function openFilesLimit(path = "/proc/self/limits"): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // Not Linux: the limit is not known.
    return undefined;
  }
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
